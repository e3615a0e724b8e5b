"""After a database came back from a dump: Stripe is walked, and whoever paid since is here again.

Nothing is changed at Stripe. Sign-ups come first, for events and mirrors follow them; then the events
that were forgotten, for the worker; then everything that we hold, compared as `reconcile` does. Each
part is safe to repeat, and finds what another run has done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from django.db import connection

from billing import (
    access,
    checkout,
    event_backfill,
    gateway,
    lost_signups,
    order_slips,
    outside_purchases,
    purchases,
    repair,
    stripe_sync,
)
from billing.access_policy import CHARGING_STATUSES
from billing.archiving import ARCHIVED, ERASED, MAY_CHARGE
from billing.differences import Difference, Kind
from billing.lost_signups import NotTold
from billing.order_slips import OrderSlip
from billing.reconcile import INVOICES_SINCE
from public_apps.core import clock
from public_apps.onboarding.models import Signup
from public_apps.tenants import domains
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)
Document = dict[str, Any]
# A payment page lives for a day at the longest: one of before the dump may have been paid after it.
PAGE_LIFE = timedelta(days=1)
NOT_TO_BE_READ = frozenset({Kind.FOREIGN, Kind.UNREADABLE})


class Verdict(StrEnum):
    """What a line of the list says."""

    REBUILT = "rebuilt"
    KNOWN = "already there"
    DECIDE = "to decide"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Line:
    """What became of one thing at Stripe."""

    verdict: Verdict
    about: str  # its id at Stripe
    told: str


@dataclass(frozen=True, kw_only=True)
class Payer:
    """A customer at Stripe with all subscriptions, newest first."""

    customer_id: str
    subscriptions: list[Document]

    @property
    def live(self) -> Document | None:
        """The newest subscription that has not ended."""
        return next((each for each in self.subscriptions if each["status"] in MAY_CHARGE), None)

    @property
    def bearer(self) -> Document | None:
        """The newest subscription that names a sign-up: who came back paid by another one."""
        return next((each for each in self.subscriptions if order_slips.read(each)), None)

    @property
    def slip(self) -> OrderSlip | None:
        """What was ordered, as the subscription says that names it."""
        return order_slips.read(self.bearer) if self.bearer else None

    @property
    def left(self) -> str:
        """How its workspace left, if our own departure ended the newest subscription; else nothing."""
        said = (self.subscriptions[0].get("cancellation_details") or {}).get("comment")
        return said if said in {ARCHIVED, ERASED} and self.live is None else ""

    def moved_since(self, moment: datetime) -> bool:
        """Whether anything was bought or ended since then."""
        limit = moment.timestamp()
        times = (
            each.get(name) or 0 for each in self.subscriptions for name in ("created", "ended_at")
        )
        return any(time >= limit for time in times)


def recover(*, since: datetime) -> Iterator[Line]:
    """Yield a line for each thing that Stripe knows of since then, as it is brought back.

    Raises `gateway.StripeUnavailable` and `gateway.KeyInvalid`, for they hold of all that is left:
    what was done stays done, and another run goes on.
    """
    told: set[str] = set()
    for payer in _payers():
        for line in _guarded(payer.customer_id, _of_payer(payer, since)):
            told.add(line.about)
            yield line
    parts = {
        "payment pages": _pages(since),
        "events": _events(since),
        "mirrors": _mirrors(since, told),
    }
    for part, lines in parts.items():
        yield from _guarded(part, lines)


def _guarded(about: str, lines: Iterator[Line]) -> Iterator[Line]:
    try:
        yield from lines
    except (gateway.StripeUnavailable, gateway.KeyInvalid):
        raise
    except Exception as error:  # the boundary: told in the list, and the next one's turn
        log.exception("not recovered", object=about)
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        yield _line(Verdict.FAILED, about, f"{type(error).__name__}: {error}")


def _line(verdict: Verdict, about: str, told: str) -> Line:
    return Line(verdict=verdict, about=about, told=" ".join(told.split()))


# --- Purchases ------------------------------------------------------------------------------------


def _payers() -> list[Payer]:
    """Return all customers with subscriptions, whoever bought last first.

    Of two with one name the later one has it: it was free when they bought.
    """
    of_customer: dict[str, list[Document]] = {}
    for document in gateway.subscriptions():
        of_customer.setdefault(stripe_sync.id_of(document.get("customer")), []).append(document)
    return [
        Payer(customer_id=customer_id, subscriptions=subscriptions)
        for customer_id, subscriptions in of_customer.items()
    ]


def _of_payer(payer: Payer, since: datetime) -> Iterator[Line]:
    slip, live = payer.slip, payer.live
    if slip is not None and not slip.is_ours:
        return
    tenant = stripe_sync.tenant_of(payer.customer_id)
    signup = Signup.objects.filter(pk=slip.signup_id).first() if slip else None
    if tenant is not None:
        if payer.moved_since(since):
            yield _known(payer, tenant)
    elif signup is not None:
        yield from _settled(payer, signup, since)
    elif live is None:
        yield from _ended(payer, since)
    elif slip is not None and payer.bearer is not None:
        yield from _reopened(slip, payer.bearer, live)
    else:
        yield from _bought_elsewhere(live)


def _known(payer: Payer, tenant: Tenant) -> Line:
    newest = payer.subscriptions[0]
    leaving = tenant.archived_at or tenant.departures.filter(undone_at__isnull=True).exists()
    if payer.left and not leaving:
        again = "delete" if payer.left == ERASED else "archive --drop"
        told = f"{payer.left} The dump knows nothing of that. Once more, if that is still wanted:"
        command = f"“manage.py tenant {again} {tenant.schema_name}”."
        return _line(Verdict.DECIDE, newest["id"], f"{tenant}: {told} {command}")
    return _line(Verdict.KNOWN, newest["id"], f"{tenant.primary_domain or tenant}")


def _settled(payer: Payer, signup: Signup, since: datetime) -> Iterator[Line]:
    """Bring a sign-up of the dump to where Stripe says that it is: it may have been paid since."""
    about = payer.subscriptions[0]["id"]
    if signup.ready_at and not payer.moved_since(since):
        return
    was_ready = signup.ready_at is not None
    checkout.settle_signup(signup_id=signup.pk)
    signup.refresh_from_db()
    if signup.ready_at and not was_ready:
        yield from _opened(signup, about)
    elif payer.moved_since(since):
        yield _line(Verdict.KNOWN, about, f"{signup}: {signup.stage.label}")


def _reopened(slip: OrderSlip, bearer: Document, live: Document) -> Iterator[Line]:
    try:
        signup = lost_signups.reopen(slip, bearer=bearer, payer=live)
    except NotTold as missing:
        yield from _for_staff(live, str(missing))
        return
    if signup.ready_at:
        yield from _opened(signup, live["id"])
    else:
        told = f"{signup}: its sign-up is there again; {signup.stage.label.lower()}."
        yield _line(Verdict.REBUILT, live["id"], told)


def _opened(signup: Signup, about: str) -> Iterator[Line]:
    """Tell of a workspace that was opened, and of a name that is no longer the owner's."""
    host = domains.host_of(signup.subdomain)
    yield _line(
        Verdict.REBUILT,
        about,
        f"{signup.organization} is open anew at {host}, empty but for its owner {signup.email}, to "
        "whom the welcome mail goes.",
    )
    if signup.subdomain != signup.requested_subdomain:
        wanted = domains.host_of(signup.requested_subdomain)
        yield _line(
            Verdict.DECIDE,
            about,
            f"{signup.organization} bought {wanted}, which another workspace has: it is at {host} "
            "now. Write to both, and change the subdomain of one if they wish.",
        )


def _for_staff(live: Document, why: str) -> Iterator[Line]:
    """Have a person open what Stripe tells too little of, by the list of purchases in the admin."""
    mirrored = access.sync_subscription(subscription_id=live["id"])
    if mirrored is None or mirrored.plan is None:
        return
    if mirrored.status in CHARGING_STATUSES:
        outside_purchases.tell_lost(mirrored, why=why)
    told = f"{mirrored.plan}, {mirrored.status}, customer {mirrored.customer_id}. {why}"
    yield _line(Verdict.DECIDE, live["id"], f"{told} {BY_CLICK}")


BY_CLICK = "In the admin: “Purchases at Stripe” → “Open a workspace”."


def _bought_elsewhere(live: Document) -> Iterator[Line]:
    """Have staff look at what names no sign-up: a Payment Link, the Dashboard, or a way back."""
    if stripe_sync.subscription_shown(live, held=None).plan is None:
        return
    if live["status"] not in CHARGING_STATUSES:
        return
    mirrored = access.sync_subscription(subscription_id=live["id"])
    if mirrored is None:
        return
    purchases.follow(mirrored)
    if outside_purchases.is_waiting(live["id"]):
        told = f"{mirrored.plan}, customer {mirrored.customer_id}: bought at Stripe, not here."
        yield _line(Verdict.DECIDE, live["id"], f"{told} {BY_CLICK}")


def _ended(payer: Payer, since: datetime) -> Iterator[Line]:
    """Tell of what was bought since the dump and has ended: nobody is charged, nothing is opened."""
    slip, newest = payer.slip, payer.subscriptions[0]
    if slip is None or newest["created"] < since.timestamp():
        return
    if payer.left == ERASED:
        told = f"{slip.subdomain or payer.customer_id}: {payer.left} Nothing is left to be done."
        yield _line(Verdict.KNOWN, newest["id"], told)
        return
    ended = stripe_sync.moment(newest.get("ended_at"))
    when = f"{ended:%Y-%m-%d %H:%M} UTC" if ended else "by now"
    yield _line(
        Verdict.DECIDE,
        newest["id"],
        f"{slip.organization or 'Somebody'} ({slip.subdomain or payer.customer_id}) bought after the "
        f"dump and was {newest['status']} {when}: cancelled or deleted, so nothing was opened. "
        "Should they want their data, an archive of it may lie in ARCHIVE_STORE.",
    )


def _pages(since: datetime) -> Iterator[Line]:
    for session in gateway.checkout_sessions(since=int((since - PAGE_LIFE).timestamp())):
        yield from _guarded(session["id"], _of_page(session))


def _of_page(session: Document) -> Iterator[Line]:
    """Know a payment page again that is still open: somebody may be about to pay there."""
    slip = order_slips.read(session)
    if session.get("status") != "open" or slip is None or not (slip.is_ours and slip.is_whole):
        return
    if Signup.objects.filter(pk=slip.signup_id).exists():
        return
    try:
        signup = lost_signups.hold_page(slip, session=session)
    except NotTold:  # nobody has paid, and whoever does is told of then
        return
    yield _line(Verdict.REBUILT, session["id"], f"{signup}: its payment page is known again.")


# --- Everything else ------------------------------------------------------------------------------


def _events(since: datetime) -> Iterator[Line]:
    fetched = event_backfill.fetch_all(since=since)
    if since < clock.now() - event_backfill.KEPT:
        told = f"Stripe keeps events for {event_backfill.KEPT.days} days; what they told of is compared."
        yield _line(Verdict.KNOWN, "events", told)
    if fetched.new:
        told = f"{len(fetched.new)} events are in the inbox again; the worker handles them."
        yield _line(Verdict.REBUILT, "events", told)
    if fetched.known:
        yield _line(Verdict.KNOWN, "events", f"{fetched.known} events since then.")
    for fault in fetched.broken:
        yield _line(Verdict.FAILED, "events", fault)


def _mirrors(since: datetime, told: set[str]) -> Iterator[Line]:
    """Bring what we hold in line with Stripe; what is told already is not told again."""
    repaired = repair.until_still(invoices_since=min(since, clock.now() - INVOICES_SINCE))
    for difference in repaired.mended:
        if difference.object_id not in told:
            yield _line(Verdict.REBUILT, difference.object_id, difference.line)
    for difference in repaired.left:
        if difference.object_id not in told:
            yield _line(_verdict_of(difference), difference.object_id, difference.line)


def _verdict_of(left: Difference) -> Verdict:
    return Verdict.FAILED if left.kind in NOT_TO_BE_READ else Verdict.DECIDE
