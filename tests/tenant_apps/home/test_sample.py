"""The sample building comes by the same verbs as real ones, and goes without a trace."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from public_apps.accounts.models import User
from public_apps.audit.models import Entry as AuditEntry
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from tenant_apps.finances import queries
from tenant_apps.finances.models import Charge, Period
from tenant_apps.home.models import Sample
from tests.core.unruly_worker import working
from tests.core.web_stack import HttpClient, WebStack, create_workspace
from tests.customer import until
from tests.tenant_api.populated_workspace import PopulatedWorkspace


@pytest.fixture
def quiet(http_client: HttpClient) -> PopulatedWorkspace:
    """A workspace of its own, still empty."""
    return PopulatedWorkspace(http_client, create_workspace())


def rows(populated: PopulatedWorkspace) -> dict[str, int]:
    """Return how many rows each table of the workspace's own apps has."""
    with inside(populated.schema):
        return {
            model._meta.label: model._default_manager.count()
            for model in apps.get_models(include_auto_created=True)
            if model.__module__.startswith("tenant_apps.")
        }


def test_a_workspace_is_filled_and_emptied_again(quiet: PopulatedWorkspace) -> None:
    assert quiet.owner.user.pk
    before = rows(quiet)
    with inside(quiet.schema):
        people = User.objects.count()
    mails = OutgoingMail.objects.count()

    call_command("sample_building", quiet.workspace.host.partition(".")[0])

    with inside(quiet.schema):
        sample = Sample.objects.select_related("building").get()
        flats = list(sample.building.apartments.all())
        assert (len(flats), sum(flat.mills for flat in flats)) == (24, 1000)
        assert Period.objects.filter(issued_at__isnull=False).count() == 12
        assert Charge.objects.exists()
        assert queries.unpaid(Charge.objects.all()).exists()
        assert queries.ledger_faults() == []
        assert not any(user.has_usable_password() for user in sample.people.all())
    assert OutgoingMail.objects.count() == mails
    with pytest.raises(CommandError, match="already"):
        call_command("sample_building", quiet.schema)

    assert quiet.owner.get("/api/sample/")["building"] == sample.building_id
    assert quiet.manager.ask("DELETE", "/api/sample/").status_code == 403
    assert quiet.owner.ask("DELETE", "/api/sample/").status_code == 204

    assert rows(quiet) == before
    with inside(quiet.schema):
        assert User.objects.count() == people + 1  # the manager
        deeds = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"sample.made", "sample.removed"} <= deeds
    assert quiet.owner.ask("GET", "/api/sample/").status_code == 404
    assert quiet.owner.ask("DELETE", "/api/sample/").status_code == 409


def test_the_worker_fills_a_workspace_and_tells_how_far_it_is(
    web_stack: WebStack, quiet: PopulatedWorkspace
) -> None:
    asked = quiet.owner.post("/api/sample/", status=202)
    assert quiet.owner.ask("POST", "/api/sample/").status_code == 409
    with working(web_stack):
        done = until(
            lambda: (
                (told := quiet.owner.get(f"/api/work/{asked['id']}/"))["status"] == "done" and told
            ),
            within=120,
        )
    assert done["steps_done"] == done["steps"] == 13
    assert quiet.owner.get("/api/sample/")["name"] == done["report"][0]["detail"]
