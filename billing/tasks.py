"""Jobs that wake the inbox up, and sweeps that find what nobody woke up for."""

from __future__ import annotations

import uuid

from procrastinate.contrib.django import app

from billing import access, checkout, inbox
from public_apps.core import jobs


@app.task(queue="events", priority=jobs.FIRST)
def handle_event(event_id: str) -> None:
    """Make one attempt at an event."""
    inbox.handle(event_id=event_id)


@app.periodic(cron="* * * * * */5")
@app.task(queue="events", queueing_lock="sweep_events")
def sweep_events(timestamp: int) -> None:
    """Wake up every event that is due: a killed worker or a restarted database loses none."""
    for event_id in inbox.due():
        jobs.defer_once(handle_event, lock=f"event:{event_id}", event_id=event_id)


@app.periodic(cron="* * * * * */30")
@app.task(queue="events", queueing_lock="review_access")
def review_access(timestamp: int) -> None:
    """Let the clock have its say: grace periods end, and days that were paid for by hand."""
    access.review_due()


@app.task(queue="events")
def settle_signup(signup_id: str) -> None:
    """Ask Stripe how a sign-up's session ended."""
    checkout.settle_signup(signup_id=uuid.UUID(signup_id))


@app.periodic(cron="* * * * * */20")
@app.task(queue="events", queueing_lock="sweep_signups")
def sweep_signups(timestamp: int) -> None:
    """Find sign-ups that no event has moved: paid and not ready, or past their session's end."""
    for signup_id in checkout.stuck():
        jobs.defer_once(settle_signup, lock=f"signup:{signup_id}", signup_id=str(signup_id))
