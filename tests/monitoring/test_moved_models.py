"""Models that moved to other apps left their tables and rows where they were."""

from __future__ import annotations

from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from billing.models import WebhookSlot
from public_apps.monitoring.models import Incident, MetricTotal
from tests.core.web_stack import WebStack

TABLES = ("billing_incident", "core_measurement", "core_webhookslot")
BEFORE = [
    ("monitoring", None),
    ("billing", "0010_accounts_and_add_ons"),
    ("core", "0008_mail_waiting"),
]
# As the release before writes them: it runs on, beside this one, while a deploy goes on.
OLD_PROCESS = (
    """INSERT INTO billing_incident (kind, subject, opened_at, seen_at, lines)
    VALUES ('moved', '', now(), now(), '[]')""",
    """INSERT INTO core_measurement (name, labels, count, seconds, buckets)
    VALUES ('moved', '[]', 3, 0, '{}')""",
    """INSERT INTO core_webhookslot (span, at, accepted, refused, broken, answer_buckets, handled,
    failed_attempts, handled_buckets) VALUES ('hour', now(), 3, 0, 0, '{}', 0, 0, '{}')""",
)


def files() -> list[tuple[str, int]]:
    """Return in which files the tables are: another one is a table written anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, relfilenode FROM pg_class WHERE relname = ANY(%s) ORDER BY 1",
            [list(TABLES)],
        )
        return list(cursor.fetchall())


def test_a_release_finds_what_the_one_before_has_written_and_writes_no_table_anew(
    web_stack: WebStack,
) -> None:
    with transaction.atomic():
        MigrationExecutor(connection).migrate(BEFORE)
        then = files()
        with connection.cursor() as cursor:
            for statement in OLD_PROCESS:
                cursor.execute(statement)
        executor = MigrationExecutor(connection)
        executor.migrate(
            [
                node
                for node in executor.loader.graph.leaf_nodes()
                if node[0] in {"billing", "core", "monitoring"}
            ]
        )
        assert files() == then
        assert len(then) == len(TABLES)
        assert Incident.objects.get(kind="moved").subject == ""
        assert MetricTotal.objects.get(name="moved").count == 3
        assert WebhookSlot.objects.filter(accepted=3).exists()
        with connection.cursor() as cursor:  # an old process goes on
            cursor.execute(OLD_PROCESS[2].replace("'hour'", "'minute'"))
        assert WebhookSlot.objects.filter(accepted=3).count() == 2
        transaction.set_rollback(True)
