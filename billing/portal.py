"""Stripe's customer portal: what of it is switched on, and why; made at Stripe, found again, compared.

Our own configuration is known by its metadata. All deployments of one account share it: what it says
follows from this file alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing import gateway

Document = dict[str, Any]
MARK = {"new_concierge": "customer portal"}


@dataclass(frozen=True, kw_only=True)
class Switch:
    """A feature of the portal, whether customers have it, and why so."""

    feature: str
    on: bool
    why: str
    allowed_updates: tuple[str, ...] = ()


SWITCHES = (
    Switch(
        feature="payment_method_update",
        on=True,
        why="Cards are typed in at Stripe and nowhere else: none of our pages sees a number.",
    ),
    Switch(
        feature="invoice_history",
        on=True,
        why="Whoever is there for the card finds what it paid; our page has the same invoices.",
    ),
    Switch(
        feature="customer_update",
        on=True,
        why="Name, address and tax number stand on invoices, and Stripe Tax goes by them. The e-mail "
        "is ours to say: the owner's, or the billing contact's, which we would write over it.",
        allowed_updates=("name", "address", "tax_id", "phone"),
    ),
    Switch(
        feature="subscription_cancel",
        on=False,
        why="Our page says until when the workspace stays open and what is still owed, asks once, "
        "and writes it into the workspace's log.",
    ),
    Switch(
        feature="subscription_update",
        on=False,
        why="Our page knows which plan is too small, what becomes of a trial, and charges at once or "
        "not at all; the portal knows none of that.",
    ),
)


def fix() -> str | None:
    """Make our configuration or bring it in line; return what was done, None if nothing was to do."""
    found = ours()
    if found is None:
        made = gateway.create_portal_configuration(params=_wish() | {"metadata": MARK})
        return f"created: {made['id']}"
    if not wrong_with(found):
        return None
    gateway.update_portal_configuration(found["id"], params=_wish() | {"active": True})
    return f"brought {found['id']} in line"


def ours() -> Document | None:
    """Return our configuration at Stripe, the newest that is in use; None if there is none."""
    marked = [
        each
        for each in gateway.portal_configurations()
        if MARK.items() <= (each.get("metadata") or {}).items()
    ]
    return min(marked, key=lambda each: not each["active"], default=None)


def wrong_with(configuration: Document) -> list[str]:
    """Return what differs from our wish, in words; nothing if it is as it should be."""
    wrong = [] if configuration["active"] else ["it is not active"]
    features = configuration["features"]
    for switch in SWITCHES:
        found = features.get(switch.feature) or {}
        if bool(found.get("enabled")) != switch.on:
            wrong.append(f"{switch.feature} is {'off' if switch.on else 'on'}")
        elif set(found.get("allowed_updates") or ()) != set(switch.allowed_updates):
            allowed = ", ".join(sorted(found.get("allowed_updates") or ())) or "nothing"
            wrong.append(f"{switch.feature} allows {allowed}")
    return wrong


def _wish() -> Document:
    return {
        "name": "New Concierge",
        "features": {switch.feature: _feature(switch) for switch in SWITCHES},
    }


def _feature(switch: Switch) -> Document:
    if not switch.allowed_updates:
        return {"enabled": switch.on}
    return {"enabled": switch.on, "allowed_updates": list(switch.allowed_updates)}
