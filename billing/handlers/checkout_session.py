"""Checkout sessions: paid ones open a workspace, ended ones give the name back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from billing import checkout, purchases
from billing.outcomes import Ignored, Outcome


def changed(rendered: dict[str, Any]) -> Outcome:
    """Look at the session and do what its state asks for; one that isn't ours may sell our plans."""
    outcome = _with_id(rendered, lambda session_id: checkout.settle_session(session_id=session_id))
    if isinstance(outcome, Ignored):
        return purchases.of_session(rendered) or outcome
    return outcome


def payment_failed(rendered: dict[str, Any]) -> Outcome:
    """Give the name back after a delayed payment (SEPA and the like) has failed."""
    return _with_id(
        rendered, lambda session_id: checkout.settle_failed_payment(session_id=session_id)
    )


def _with_id(rendered: dict[str, Any], settle: Callable[[str], Outcome]) -> Outcome:
    session_id = rendered.get("id")
    if not isinstance(session_id, str):
        return Ignored(reason="The session has no id.")
    return settle(session_id)
