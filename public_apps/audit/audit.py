"""Writing the audit log: one call, in whichever schema the connection works in.

    audit.record(actor=request.user, action="tenant.suspended", target=tenant, detail={"reason": …})

The entry commits with the caller's transaction: what was rolled back was not done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

import structlog
from django.db.models import Model

from public_apps.audit.models import Entry

_impersonator: ContextVar[str] = ContextVar("impersonator", default="")


class Person(Protocol):
    """Somebody of this schema; a request's user is one."""

    @property
    def pk(self) -> Any:
        """The key, in this schema."""

    @property
    def email(self) -> str:
        """The address."""


def record(
    *,
    actor: Person | str,
    action: str,
    target: Model | str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Entry:
    """Add one entry to the current schema's log and return it.

    `actor` is a user of this schema, or a name such as `manage.py`; `action` is a noun and what
    became of it, such as `tenant.suspended`; `detail` is JSON, without secrets.
    """
    return Entry.objects.create(
        actor=actor if isinstance(actor, str) else actor.email,
        actor_id=None if isinstance(actor, str) else actor.pk,
        impersonator=_impersonator.get(),
        action=action,
        detail=dict(detail or {}),
        request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
        **_described(target),
    )


@contextmanager
def impersonated_by(staff: str) -> Iterator[None]:
    """Add to every entry of this block that one of our staff acted in the actor's name."""
    token = _impersonator.set(staff)
    try:
        yield
    finally:
        _impersonator.reset(token)


def name_impersonator(staff: str) -> None:
    """Do so from here to the end of the block that `impersonated_by` began."""
    _impersonator.set(staff)


def impersonator() -> str:
    """Return which of our staff acts in the actor's name; nothing if the actor does so in person."""
    return _impersonator.get()


def _described(target: Model | str | None) -> dict[str, str]:
    if target is None:
        return {}
    if isinstance(target, str):
        return {"target": target[:200]}
    return {
        "target_type": target._meta.label_lower,
        "target_id": str(target.pk),
        "target": str(target)[:200],
    }
