"""Rows of permissions are whole and stand in one place, or the process doesn't start."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from public_apps.accounts import permissions
from public_apps.accounts.models import Role
from public_apps.accounts.permissions import Scope, scope_for

ROLES = "owner manager staff resident\n"


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("owner manager staff\nlist all all all", "gardens: its permissions begin with"),
        (f"{ROLES}list all all all", "gardens.list: its row needs all, own or - for each role"),
        (f"{ROLES}list all all all some", "gardens.list: its row needs all, own or -"),
        (f"{ROLES}list all all all all all", "gardens.list: its row needs all, own or -"),
    ],
)
def test_what_cant_be_read_is_refused_in_a_sentence(table: str, sentence: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=sentence):
        permissions.declare(table, resource="gardens")
    assert scope_for(role=Role.OWNER, operation="gardens.list") is Scope.NONE


def test_a_row_is_not_declared_twice() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"votes.list: it has two rows"):
        permissions.declare(f"{ROLES}list all all all all", resource="votes")
    assert scope_for(role=Role.RESIDENT, operation="votes.list") is Scope.OWN


def test_rows_of_viewsets_are_known_to_whoever_asks_first() -> None:
    assert scope_for(role=Role.MANAGER, operation="buildings.create") is Scope.ALL
    assert scope_for(role=Role.MANAGER, operation="buildings.nothing") is Scope.NONE
