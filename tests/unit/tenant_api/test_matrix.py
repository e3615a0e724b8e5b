"""Who may do what in the tenant API: each operation of its document, asked by everybody."""

from __future__ import annotations

from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import dns.resolver
import pytest
from django.core.cache import caches
from pytest_django import Settings

from billing import portal
from public_apps.core.schema_context import in_public
from public_apps.tenants import routing
from tests.tenant_api.lacking import document
from tests.tenant_api.operations import SIGN_IN, Operation, described
from tests.unit.in_process import InProcess
from tests.unit.matrices import Cells, Matrix, is_asked
from tests.unit.stripe_inside import StripeInside, bare_stripe, stripe_inside, subscriber
from tests.unit.tenant_api.callers import Caller, Callers, told
from tests.unit.tenant_api.sign_in_bodies import content as sign_in_content
from tests.unit.undoing import unchanged, undone

__all__ = ["bare_stripe", "stripe_inside"]
TABLE = Path(__file__).with_name("matrix.txt")


class Asking:
    """Has everybody ask for everything; what one does is undone before the next one asks."""

    def __init__(self, stripe: StripeInside) -> None:
        self.stripe = stripe
        self.callers = Callers(InProcess())
        subscriber(stripe, self.callers.workspace.workspace.tenant)
        with in_public():
            portal.fix()

    def answers(self) -> Cells:
        """Return what each of them was answered, by operation and name."""
        found: Cells = defaultdict(dict)
        everybody = list(self.callers)
        for caller in (each for each in everybody if is_asked(each.name)):
            with self.callers.suspended() if caller.at_suspended else nullcontext():
                for operation in described(document()):
                    found[operation.name][caller.name] = self.answer(operation, caller)
        return found

    def answer(self, operation: Operation, caller: Caller) -> str:
        """Ask for one thing in somebody's name, and leave no trace."""
        caches["process"].clear()  # limits that no rollback takes back
        # What is refused doesn't come to Stripe: looking at all that is there takes longer than asking.
        may_reach_stripe = operation.resource == "subscription" and caller.is_owner
        with undone(), unchanged(self.stripe.store) if may_reach_stripe else nullcontext():
            content = self._content(operation, caller)
            headers = {**content.pop("headers", {}), **caller.headers}
            answer = self.callers.http_client.ask(
                operation.method, operation.path(caller.fixtures), host=self.callers.host,
                headers=headers, **content,
            )  # fmt: skip
        return told(answer)

    def _content(self, operation: Operation, caller: Caller) -> dict[str, Any]:
        if operation.route.startswith(SIGN_IN):
            return sign_in_content(operation.name, self.callers.workspace)
        by_hand = {**self.callers.bodies, **caller.bodies}
        if operation.name in by_hand:
            return {"json": by_hand[operation.name]}
        return operation.content(self.callers.workspace, caller.fixtures)


@pytest.fixture
def asking(
    stripe_inside: StripeInside,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    tmp_path: Path,
) -> Asking:
    """Everybody, in a workspace that Stripe knows and that has a store, in a world without domains."""

    def unknown(*_asked: Any, **_how: Any) -> None:
        raise dns.resolver.NXDOMAIN

    monkeypatch.setattr(dns.resolver.Resolver, "resolve", unknown)
    monkeypatch.setattr(routing, "FRESH_SECONDS", 0.0)
    settings.ARCHIVE_STORE = str(tmp_path)
    settings.PASSWORD_HASHERS = ["public_apps.accounts.hashing.QuickScryptHasher"]
    return Asking(stripe_inside)


def test_everybody_is_answered_as_the_table_says(asking: Asking) -> None:
    Matrix.read(TABLE).check(asking.answers())
