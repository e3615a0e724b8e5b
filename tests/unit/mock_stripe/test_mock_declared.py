"""Whatever the mock says or takes is what the pinned version of Stripe's library declares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe

from mock_stripe.api import ROUTES
from mock_stripe.forms import Params
from tests.unit.mock_stripe import declared
from tests.unit.mock_stripe.whole_life import Heard, Said, bare, live

Taken = dict[tuple[str, str], set[str]]


class Lived:
    """All that was said and taken in lives that took every route."""

    def __init__(self, folder: Path) -> None:
        self.heard = Heard(folder)
        self.taken: Taken = defaultdict(set)
        self.words: Taken = defaultdict(set)
        with pytest.MonkeyPatch.context() as patch:
            self._note_what_is_taken(patch)
            live(self.heard)
        self.events = self._events()
        self.operations = declared.operations({bare(route) for route in ROUTES})

    def _note_what_is_taken(self, patch: pytest.MonkeyPatch) -> None:
        only, choice, heard = Params.only, Params.choice, self.heard

        def noted_only(params: Params, *names: str) -> None:
            self.taken[heard.asking, params.name_of("")[:-2]] |= set(names)
            only(params, *names)

        def noted_choice(params: Params, name: str, *options: str) -> str | None:
            if set(options) != {"true", "false"}:
                self.words[heard.asking, params.name_of(name)] |= set(options)
            return choice(params, name, *options)

        patch.setattr(Params, "only", noted_only)
        patch.setattr(Params, "choice", noted_choice)

    def _events(self) -> list[declared.Document]:
        with self.heard.store.change() as change:
            return change.find("event")[::-1]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """Lives that took every route, lived once."""
    lived = Lived(tmp_path_factory.mktemp("stripe"))
    yield lived
    lived.heard.store.close()


def test_the_lives_took_every_route(lived: Lived) -> None:
    assert {said.route for said in lived.heard.answers} == {bare(route) for route in ROUTES}
    assert set(lived.operations) == {bare(route) for route in ROUTES}


def test_answers_have_the_fields_types_and_words_that_are_declared(lived: Lived) -> None:
    found = {
        f"{said.route}{fault}"
        for said in lived.heard.answers
        for fault in declared.faults(said.document, lived.operations[said.route].answer)
    }
    assert sorted(found) == []


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ({"colour": "blue"}, ".colour: Subscription has no such field"),
        ({"status": "merry"}, ".status: 'merry' is none of"),
        ({"created": "today"}, ".created: 'today' is no int"),
        ({"created": True}, ".created: True is no int"),
        ({"cancel_at_period_end": None}, ".cancel_at_period_end: None is no bool"),
        ({"items": {"object": "list", "data": [], "has_more": False}}, ".items.url: None is no"),
        ({"metadata": {"a": 1}}, ".metadata[a]: 1 is no str"),
        ({"invoice_settings": {}}, ".invoice_settings.issuer: Subscription.InvoiceSettings always"),
        ({"latest_invoice": {"object": "invoice"}}, ".latest_invoice.amount_due: Invoice always"),
    ],
)
def test_the_check_sees_what_is_not_declared(
    lived: Lived, broken: declared.Document, fault: str
) -> None:
    """Otherwise silence would say nothing."""
    right = next(said for said in lived.heard.answers if said.route == "GET /v1/subscriptions/{}")
    found = declared.faults(right.document | broken, stripe.Subscription)
    assert any(each.startswith(fault) for each in found)
    less = {name: value for name, value in right.document.items() if name != "currency"}
    assert [*declared.faults(less, stripe.Subscription)] == [
        ".currency: Subscription always has it"
    ]


def test_events_are_of_types_and_shapes_that_are_declared(lived: Lived) -> None:
    found = {fault for event in lived.events for fault in declared.event_faults(event)}
    assert sorted(found) == []
    assert len({event["type"] for event in lived.events}) >= 50


def test_errors_have_the_fields_that_are_declared(lived: Lived) -> None:
    found = {fault for said in lived.heard.errors for fault in _error_faults(said)}
    assert sorted(found) == []
    assert {said.document["error"]["type"] for said in lived.heard.errors} == {
        "card_error", "invalid_request_error",
    }  # fmt: skip


def _error_faults(said: Said) -> Iterator[str]:
    yield from declared.object_faults(said.document["error"], stripe.ErrorObject, "error")


def test_calls_take_nothing_that_is_not_declared(lived: Lived) -> None:
    found = []
    for (route, place), names in sorted(lived.taken.items()):
        if _is_reached(lived, route, place):
            known = declared.parameters(lived.operations[route].params, place)
            found += [f"{route} {place}: {name}" for name in sorted(names - set(known))]
    assert found == []


def test_calls_know_no_word_that_is_not_declared(lived: Lived) -> None:
    found = []
    for (route, path), words in sorted(lived.words.items()):
        place, _, name = path.removesuffix("]").rpartition("[")
        taken = lived.taken.get((route, place), {name})
        if name in taken and _is_reached(lived, route, place):
            known = declared.parameters(lived.operations[route].params, place).get(name)
            allowed = declared.words_of(known.hint) if known else set()
            found += [f"{route} {path}: {word}" for word in sorted(words - allowed)]
    assert found == []


def _is_reached(lived: Lived, route: str, place: str) -> bool:
    """Say whether a caller can send what stands there: the mock itself calls some of its calls."""
    return bool(route) and (not place or place.split("[", 1)[0] in lived.taken[route, ""])
