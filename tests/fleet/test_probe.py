"""What schemas have applied is read some at a time, beside each other: nobody is lost on the way."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from public_apps.core.schema_context import inside
from public_apps.tenants.schema_migrations import applied, head
from tests.core.web_stack import WebStack


@pytest.mark.parametrize("at_a_time", [1, 2, 3, 100])
def test_however_they_are_shared_out_the_answer_is_the_same(
    web_stack: WebStack, at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applied, "MOST_SCHEMAS", at_a_time)
    names = [str(each.tenant.schema_name) for each in (web_stack.birch, web_stack.acme)]
    asked = [names[0], "t_" + "0" * 24, "public", names[1], "information_schema"]
    found = applied.look(asked)
    assert set(found.unreadable) == {"t_" + "0" * 24, "information_schema"}
    grouped = [name for group in found.groups.values() for name in group]
    assert sorted(grouped) == sorted([*names, "public"])
    assert all(head.is_head(applied.applied(name)) for name in names)
    [together] = [group for group in found.groups.values() if names[0] in group]
    assert [name for name in together if name != "public"] == names, "in the order asked"


def test_what_is_not_committed_yet_is_seen(
    web_stack: WebStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applied, "MOST_SCHEMAS", 1)
    names = [str(each.tenant.schema_name) for each in (web_stack.birch, web_stack.acme)]
    with transaction.atomic():
        with inside(names[0]), connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'home'")
        found = applied.look(names)
        transaction.set_rollback(True)
    assert sorted(found.groups.values()) == sorted([[names[0]], [names[1]]])
