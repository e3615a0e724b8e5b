"""One thing that we hold otherwise than Stripe shows it, and how objects are compared one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import structlog
from django.db import DatabaseError

from billing import gateway, stripe_account
from billing.models import Mirrored
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)


class Kind(StrEnum):
    """What a difference is about."""

    CUSTOMER = "customer"
    SUBSCRIPTION = "subscription"
    INVOICE = "invoice"
    PAYMENT = "payment"
    ACCESS = "access"
    UNCLAIMED = "unclaimed"  # bought from us, and no tenant has it
    TWICE = "charged-twice"  # two live subscriptions of one tenant
    ARCHIVED = "archived-charged"  # a live subscription of an archived tenant
    UNREADABLE = "unreadable"  # Stripe refuses to show it, or shows it in a way that we don't know
    FOREIGN = "another-account"  # our key can't see it, and may be of another account: no drift


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that we hold otherwise than Stripe shows it."""

    kind: Kind
    object_id: str
    tenant: str  # its schema, or nothing if no tenant is known
    field: str
    ours: str
    stripes: str

    @property
    def line(self) -> str:
        """Return the difference for people, and to recognise it by."""
        where = self.tenant or "no tenant"
        ours_and_theirs = f"ours {self.ours}, Stripe's {self.stripes}"
        return f"{self.kind} {self.object_id} ({where}): {self.field}: {ours_and_theirs}"


def one(
    object_id: str, tenant: Tenant | None, compare: Iterator[Difference]
) -> Iterator[Difference]:
    """Yield what differs of one object; one that can't be compared is told, and the next one's turn."""
    try:
        yield from compare
    except stripe_account.NotOurAccount as error:
        unseen = f"unknown: {error}"
        yield difference(Kind.FOREIGN, object_id, tenant, "existence", "there", unseen)
    except (gateway.KeyInvalid, gateway.StripeUnavailable, DatabaseError):
        raise  # it holds of all the others, too
    except Exception as error:  # the boundary: told as a difference, and the next one's turn
        log.exception("not compared", object=object_id)
        yield unreadable(object_id, tenant, error)


def compared(
    kind: Kind, row: Mirrored | None, shown: Mirrored, fields: tuple[str, ...]
) -> Iterator[Difference]:
    if row is None:
        yield difference(kind, shown.pk, shown.tenant, "existence", "missing", shown.status)
        return
    for field in fields:
        ours, stripes = getattr(row, field), getattr(shown, field)
        if ours != stripes:
            yield difference(kind, row.pk, row.tenant, field, said(ours), said(stripes))


def unreadable(object_id: str, tenant: Tenant | None, error: Exception) -> Difference:
    why = f"not to be read: {type(error).__name__}: {error}"
    return difference(Kind.UNREADABLE, object_id, tenant, "comparison", "there", why)


def difference(
    kind: Kind, object_id: str, tenant: Tenant | None, field: str, ours: str, stripes: str
) -> Difference:
    return Difference(
        kind=kind,
        object_id=object_id,
        tenant=tenant.schema_name if tenant else "",
        field=field,
        ours=ours,
        stripes=stripes,
    )


def said(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    return value.isoformat() if isinstance(value, datetime) else str(value)
