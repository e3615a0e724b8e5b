"""What a resource of the tenant API still lacks: a sentence a piece, before any suite looks for it."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from tests.tenant_api.endpoints import Endpoint, endpoints
from tests.tenant_api.lacking import DOCUMENT, ROWS, lacking


def test_no_resource_lacks_anything_that_the_suites_need() -> None:
    missing = [*lacking(endpoints())]
    if missing:
        pytest.fail("\n".join(missing), pytrace=False)


def test_the_page_of_permissions_is_the_codes() -> None:
    try:
        call_command("permissions", "--check")
    except CommandError as error:
        pytest.fail(str(error), pytrace=False)


def test_what_a_new_resource_lacks_is_said_a_sentence_each() -> None:
    new = [
        Endpoint("gardens", action, method, f"api/gardens/{row}")
        for action, method, row in (
            ("list", "GET", ""),
            ("create", "POST", ""),
            ("retrieve", "GET", "<int:pk>/"),
        )
    ]
    said = [each for each in lacking([*endpoints(), *new]) if each.startswith("gardens: ")]
    assert len(said) == 4, said
    for piece in ("permission rows for create, list, retrieve", ROWS, DOCUMENT, "no test asks"):
        assert sum(piece in sentence for sentence in said) == 1, piece
