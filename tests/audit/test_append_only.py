"""The audit log is added to, in every schema, and never changed by the application's role."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from public_apps.audit import audit
from public_apps.audit.models import Entry
from public_apps.core.schema_context import inside
from tests.core.web_stack import HttpClient, WebStack, create_workspace

CHANGES = (
    "UPDATE audit_entry SET actor = 'somebody else'",
    "DELETE FROM audit_entry",
    "TRUNCATE audit_entry",
)


def _try(*statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _record_and_fail() -> None:
    with transaction.atomic():
        audit.record(actor="the test", action="test.rolled_back")
        raise LookupError


@pytest.mark.parametrize("statement", CHANGES)
@pytest.mark.parametrize("where", ["public", "a tenant"])
def test_an_entry_can_be_neither_changed_nor_deleted(
    web_stack: WebStack, where: str, statement: str
) -> None:
    schema = "public" if where == "public" else web_stack.acme.tenant.schema_name
    with inside(schema):
        kept = audit.record(actor="the test", action="test.kept", detail={"amount": 100})
        with pytest.raises(ProgrammingError, match=r"permission denied|only added to"):
            _try(statement)
        assert Entry.objects.get(pk=kept.pk).actor == "the test"


@pytest.mark.parametrize("statement", CHANGES)
def test_in_public_even_a_role_that_gives_itself_the_right_is_stopped(
    web_stack: WebStack, statement: str
) -> None:
    audit.record(actor="the test", action="test.kept")
    with pytest.raises(ProgrammingError, match="only added to"):
        _try("GRANT ALL ON audit_entry TO CURRENT_USER", statement)


def test_there_is_no_trigger_in_a_tenants_schema(web_stack: WebStack) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE c.relnamespace = %s::regnamespace AND NOT t.tgisinternal",
            [web_stack.acme.tenant.schema_name],
        )
        assert cursor.fetchone() == (0,)


def test_what_was_rolled_back_was_not_done(web_stack: WebStack) -> None:
    with pytest.raises(LookupError):
        _record_and_fail()
    assert not Entry.objects.filter(action="test.rolled_back").exists()


def test_an_entry_lands_in_the_schema_where_the_work_is_done(web_stack: WebStack) -> None:
    with inside(web_stack.acme.tenant.schema_name):
        audit.record(actor="the test", action="test.at_acme", target=web_stack.acme.tenant)
        assert Entry.objects.filter(action="test.at_acme").exists()
    assert not Entry.objects.filter(action="test.at_acme").exists()
    with inside(web_stack.birch.tenant.schema_name):
        assert not Entry.objects.filter(action="test.at_acme").exists()


def test_an_owner_narrows_the_log_down(web_stack: WebStack, http_client: HttpClient) -> None:
    court = create_workspace()
    headers = {"Authorization": f"Bearer {http_client.token(court)}"}
    with inside(court.tenant.schema_name):
        for number in range(3):
            audit.record(actor="the test", action=f"test.number_{number}", detail={"n": number})

    def asked(query: str) -> list[str]:
        answer = http_client.ask("GET", f"/api/audit/{query}", host=court.host, headers=headers)
        assert answer.status_code == 200, answer.text
        return [row["action"] for row in answer.json()["results"]]

    assert asked("") == [
        "test.number_2", "test.number_1", "test.number_0", "member.signed_in",
    ]  # fmt: skip
    assert asked("?action=test.number_1") == ["test.number_1"]
    assert asked("?actor=nobody") == []
    assert asked("?page_size=2") == ["test.number_2", "test.number_1"]
    assert http_client.ask("GET", "/api/audit/", host=court.host).status_code == 401
    written = http_client.ask("POST", "/api/audit/", host=court.host, headers=headers, json={})
    assert written.status_code == 405
