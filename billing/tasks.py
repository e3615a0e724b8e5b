"""Jobs that wake the inbox up, and sweeps that find what nobody woke up for."""

from __future__ import annotations

import uuid
from datetime import timedelta

import structlog
from procrastinate.types import JSONValue

from billing import (
    access,
    checkout,
    clearing,
    contacts,
    document_backfill,
    event_backfill,
    gateway,
    handlers,
    inbox,
    key_watch,
    manual_mode,
    purchases,
    stripe_account,
    stripe_mismatch,
    webhook_stats,
)
from billing.einvoicing import outbox
from public_apps.core import clock, jobs, sweeps
from public_apps.monitoring import counters

log = structlog.get_logger(__name__)
# What was on its way when we looked first has arrived when we look again.
SECOND_LOOK_AFTER = timedelta(minutes=3)


@jobs.task("billing.handle_event", rank=jobs.EVENT)
def handle_event(event_id: str) -> None:
    """Make one attempt at an event."""
    inbox.handle(event_id=event_id, handler=handlers.handle)


@jobs.periodic(
    "billing.sweep_events", cron="* * * * * */5", rank=jobs.SWEEP, sweeps=("sweep_events",)
)
def sweep_events(timestamp: int) -> None:
    """Wake up every event that is due: a killed worker or a restarted database loses none."""
    inbox.SWEEP.run()


@jobs.periodic(
    "billing.review_access", cron="* * * * * */30", rank=jobs.SWEEP, sweeps=("review_access",)
)
def review_access(timestamp: int) -> None:
    """Let the clock have its say: grace periods end, and days that were paid for by hand."""
    access.review_due()


@jobs.task("billing.settle_signup", rank=jobs.PURCHASE)
def settle_signup(signup_id: str) -> None:
    """Ask Stripe how a sign-up's session ended."""
    with stripe_account.telling_staff():
        checkout.settle_stuck(signup_id=uuid.UUID(signup_id))


@jobs.periodic(
    "billing.sweep_signups",
    cron="* * * * * */20",
    rank=jobs.SWEEP,
    sweeps=("paid_signups", "unpaid_signups"),
)
def sweep_signups(timestamp: int) -> None:
    """Find sign-ups that no event has moved: paid and not ready, or past their session's end."""
    sweeps.each(checkout.UNFINISHED.run, checkout.UNPAID.run)


@jobs.periodic(
    "billing.end_never_paid", cron="43 * * * *", rank=jobs.HOUSEKEEPING, sweeps=("never_paid",)
)
def end_never_paid(timestamp: int) -> None:
    """End at Stripe what was never paid after its payment had failed."""
    if not manual_mode.is_on():
        with stripe_account.telling_staff():
            purchases.NEVER_PAID.run()


@jobs.periodic(
    "billing.fetch_missed_events",
    cron="*/10 * * * *",
    rank=jobs.LATE_SIGNUP,
    sweeps=("fetch_missed_events",),
)
def fetch_missed_events(timestamp: int) -> None:
    """Bring in what Stripe could not deliver while we were down."""
    if manual_mode.is_on():
        return
    try:
        with stripe_account.telling_staff():
            fetched = event_backfill.fetch()
        webhook_stats.missed(fetched.missed)
        counters.EVENTS_MISSED.add(count=fetched.missed)
    except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
        log.warning("missed events not fetched", error=str(error))


@jobs.periodic(
    "billing.watch_drift",
    cron="23 * * * *",
    rank=jobs.HOUSEKEEPING,
    no_rows="What Stripe refuses of one row is a difference like others, and told as such.",
)
def watch_drift(timestamp: int) -> None:
    """Compare all tenants with Stripe; what differs gets a second look before anybody is told."""
    lines = _look_for_drift()
    if lines:
        confirm_drift.configure(schedule_at=clock.now() + SECOND_LOOK_AFTER).defer(
            lines=list[JSONValue](lines[: stripe_mismatch.MOST_LINES])
        )
    elif lines is not None:
        stripe_mismatch.report([])


@jobs.periodic(
    "billing.watch_key",
    cron="* * * * * */15",
    rank=jobs.LATE_SIGNUP,
    no_rows="One question to Stripe, and only while an incident says that our key is refused.",
)
def watch_key(timestamp: int) -> None:
    """See whether our key is right again; what waits for that then goes on."""
    key_watch.look()


@jobs.periodic(
    "billing.forget_webhook_stats",
    cron="57 3 * * *",
    rank=jobs.HOUSEKEEPING,
    no_rows="Deletes by one statement each.",
)
def forget_webhook_stats(timestamp: int) -> None:
    """Forget what webhooks did long ago."""
    webhook_stats.forget_old()


@jobs.periodic(
    "billing.clear",
    cron="27 4 * * *",
    rank=jobs.LAST,
    no_rows="Deletes by batches, whatever is old enough.",
)
def clear(timestamp: int) -> None:
    """Forget events that are done with, and sign-ups that nobody paid."""
    sweeps.each(clearing.forget_events, clearing.forget_signups)


@jobs.periodic(
    "billing.complete_documents",
    cron="*/5 * * * * 15",
    rank=jobs.LAST,
    sweeps=("complete_documents",),
)
def complete_documents(timestamp: int) -> None:
    """Ask for what invoices say that were mirrored before their sums and lines were kept."""
    if not manual_mode.is_on():
        document_backfill.SWEEP.run()


@jobs.periodic(
    "billing.sweep_einvoices",
    cron="* * * * * 40",
    rank=jobs.HOUSEKEEPING,
    sweeps=("sweep_einvoices",),
)
def sweep_einvoices(timestamp: int) -> None:
    """Promise new documents to the provider, and wake up those that are due."""
    sweeps.each(outbox.promise_new, outbox.SWEEP.run)


@jobs.task("billing.tell_contact", rank=jobs.WORK)
def tell_contact(customer_id: str) -> None:
    """Write the address at Stripe that a workspace's customer is to bear."""
    if not manual_mode.is_on():
        with stripe_account.telling_staff():
            contacts.tell(customer_id=customer_id)


@jobs.periodic(
    "billing.sweep_contacts",
    cron="* * * * * 25",
    rank=jobs.HOUSEKEEPING,
    sweeps=("billing_contacts",),
)
def sweep_contacts(timestamp: int) -> None:
    """Wake up what Stripe could not be told of an address."""
    if not manual_mode.is_on():
        contacts.CONTACTS.run()


@jobs.task("billing.send_einvoice", rank=jobs.WORK)
def send_einvoice(einvoice_id: int) -> None:
    """Make one attempt at passing a document on."""
    outbox.send(einvoice_id=einvoice_id)


@jobs.task("billing.confirm_drift", rank=jobs.HOUSEKEEPING)
def confirm_drift(lines: list[str]) -> None:
    """Tell staff of what differed then and differs still."""
    again = _look_for_drift()
    if again is not None:
        stripe_mismatch.report([line for line in lines if line in set(again)])


def _look_for_drift() -> list[str] | None:
    if manual_mode.is_on():
        return None
    try:
        with stripe_account.telling_staff():
            return stripe_mismatch.mismatches()
    except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
        log.warning("not compared with Stripe", error=str(error))
        return None
