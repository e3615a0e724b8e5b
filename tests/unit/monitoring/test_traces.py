"""What is sent to those who keep errors holds nobody's secrets or address."""

from __future__ import annotations

from typing import Any

import pytest

from public_apps.core.scrubbing import scrub


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("pi_1A_secret_Xy12", "[secret]"),
        ("postgresql://u:pw@host/db", "postgresql://[secret]@host/db"),
        ("?token=abcdef&page=2", "?token=[secret]&page=2"),
        ("{'csrf_token': 'abcdef', 'n': 1}", "{'csrf_token': '[secret]', 'n': 1}"),
        ({"api_key": "x", "page": "2"}, {"api_key": "[secret]", "page": "2"}),
        ({"deep": [{"Set-Cookie": "a=b"}]}, {"deep": [{"Set-Cookie": "[secret]"}]}),
        ("bearer of news", "bearer of news"),
        ("eleni@sunny.example", "eleni@sunny.example"),
    ],
)
def test_what_is_taken_out_and_what_stays(given: Any, left: Any) -> None:
    assert scrub(given) == left


def test_addresses_go_where_nobody_needs_them() -> None:
    assert scrub("to eleni.p+x@sunny.example.", addresses=True) == "to [e-mail]."
