"""What a change of plan costs, line by line, in the reader's language where we know what a line is."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from billing import subscription_items
from billing.models import Subscription
from billing.plans import in_readers_language

Document = dict[str, Any]


class LineKind(StrEnum):
    """What a line of a change is."""

    GIVEN_BACK = "given_back"
    REST_OF_PERIOD = "rest_of_period"
    PERIOD = "period"
    OTHER = "other"


def told(row: Subscription, line: Document) -> Document:
    """Return a line of a preview, in our words; in Stripe's, which are English, if it is new to us."""
    kind, name = _kind(line), _name(row, line)
    if kind is LineKind.OTHER or not name:
        said = str(line.get("description") or "")
    else:
        said = _words()[kind] % {"name": name}
    return {"kind": kind, "description": said, "amount": line["amount"]}


def _words() -> dict[LineKind, str]:
    return {
        LineKind.GIVEN_BACK: _("Unused time of %(name)s"),
        LineKind.REST_OF_PERIOD: _("%(name)s for the rest of the period"),
        LineKind.PERIOD: _("%(name)s for a whole period"),
    }


def _kind(line: Document) -> LineKind:
    parent = line.get("parent") or {}
    details = parent.get("subscription_item_details")
    if not details:
        return LineKind.OTHER
    if not details.get("proration"):
        return LineKind.PERIOD
    return LineKind.GIVEN_BACK if line["amount"] < 0 else LineKind.REST_OF_PERIOD


def _name(row: Subscription, line: Document) -> str:
    """Return what a line is for: a plan of ours by its reader's name, or an add-on by its own."""
    priced = (line.get("pricing") or {}).get("price_details") or {}
    plan = subscription_items.plan_of({"id": priced.get("price"), "product": priced.get("product")})
    if plan is not None:
        return in_readers_language(plan)
    item_id = line["parent"]["subscription_item_details"].get("subscription_item")
    names = (item["name"] for item in row.items if item["id"] == item_id and not item["is_plan"])
    return next(names, "")
