"""Whatever order, repetition and delay events come in, we end in the state that Stripe shows.

A life is drawn and lived at the mock Stripe. Meanwhile and after it, its events reach four workers
at once: shuffled, repeated under the same id and under another, some at once and some much later.
These few are about workers who meet; lives with far more in them are drawn in
`tests/unit/billing/test_lives.py`, one worker each, at a tenth of the time.
"""

from __future__ import annotations

import random
import secrets
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise

from django.db import connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing import inbox, reconcile
from billing.access_policy import CLOSED_STATUSES
from billing.models import Price, StripeEvent
from billing.tasks import handle_event
from public_apps.core.models import OutgoingMail
from public_apps.tenants.models import AccessChange, Tenant
from tests.billing.stripe_stack import Customer, Document, StripeStack
from tests.billing.test_access import change_price

WORKERS = 4
# What may happen to a subscription, by what the mock Stripe then does and tells.
STATUSES = {
    "paid": "active",
    "fails": "past_due",
    "recovers": "active",
    "given up": "unpaid",
    "paused": "paused",
    "resumed": "active",
    "a trial": "trialing",
    "canceled": "canceled",
}
TO_PLAN = {"plan up": "enterprise", "plan down": "starter"}
SETTINGS = {
    "collection paused": {"pause_collection[behavior]": "void"},
    "collection resumed": {"pause_collection": ""},
    "cancels at period end": {"cancel_at_period_end": "true"},
    "stays after all": {"cancel_at_period_end": "false"},
}
STEPS = (*STATUSES, *TO_PLAN, *SETTINGS)
LIVES = st.lists(st.sampled_from(STEPS), min_size=6, max_size=12)


def live(customer: Customer, step: str) -> None:
    """Take one step of a life at Stripe; after the end only the dead stay dead."""
    if customer.at_stripe["ended_at"] is not None:
        return
    if step in STATUSES:
        customer.move(STATUSES[step])
    elif step in SETTINGS:
        customer.stripe_stack.post(f"subscriptions/{customer.subscription_id}", **SETTINGS[step])
    else:
        price = Price.objects.get(plan__code=TO_PLAN[step], interval="month", currency="eur")
        change_price(customer.stripe_stack, customer.subscription_id, price.stripe_price_id)


class Post:
    """The way from Stripe to the workers: late, often, and in no order."""

    def __init__(
        self, stripe_stack: StripeStack, pool: ThreadPoolExecutor, dice: random.Random
    ) -> None:
        self.stripe_stack, self.pool, self.dice = stripe_stack, pool, dice
        self.since = stripe_stack.newest_event()
        self.withheld: list[Document] = []
        self.at_work: list[Future[None]] = []
        self.taken: set[str] = set()

    def collect(self) -> None:
        """Pick up what Stripe has to tell since the last time."""
        fresh = self.stripe_stack.events(since=self.since)
        self.since = fresh[-1]["id"] if fresh else self.since
        self.withheld += fresh

    def deliver_some(self) -> None:
        """Hand a part of it to the workers, who are still at it when life goes on."""
        self.dice.shuffle(self.withheld)
        part = self.dice.randint(0, len(self.withheld))
        now, self.withheld = self.withheld[:part], self.withheld[part:]
        self._hand_over(now)

    def deliver_all(self) -> None:
        """Hand over the rest and wait until every worker is done."""
        self._hand_over(self.withheld)
        self.withheld = []
        for job in self.at_work:
            job.result()
        self.at_work = []

    def _hand_over(self, events: list[Document]) -> None:
        copies = [copy for event in events for copy in self._copies(event)]
        self.dice.shuffle(copies)
        for event in copies:
            inbox.receive(event)
            self.taken.add(event["id"])
            self.at_work.append(self.pool.submit(_work, event["id"]))

    def _copies(self, event: Document) -> list[Document]:
        same = [event] * self.dice.choice([1, 1, 2, 3])
        if self.dice.random() < 0.3:
            return [*same, {**event, "id": f"evt_twin_{secrets.token_hex(8)}"}]
        return same


def _work(event_id: str) -> None:
    try:
        handle_event(event_id=event_id)
    finally:
        connection.close()


@settings(
    max_examples=4,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),  # a smaller life would not be worth the minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(life=LIVES, outcome=st.sampled_from(["paid", "trial"]), seed=st.integers(0, 2**32))
def test_any_order_repetition_and_delay_ends_in_what_stripe_shows(
    stripe_stack: StripeStack, life: list[str], outcome: str, seed: int
) -> None:
    stripe_stack.hold_deliveries()
    dice = random.Random(seed)  # noqa: S311 - shuffles a test's post
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        post = Post(stripe_stack, pool, dice)
        eleni = stripe_stack.check_out()
        stripe_stack.control(f"sessions/{eleni.session_id}/complete", {"outcome": outcome})
        for step in life:
            post.collect()
            post.deliver_some()
            live(eleni, step)
        post.collect()
        post.deliver_all()
        check(eleni, post.taken)
        before = told_of(eleni)

        # All of it once more, under new ids and in another order, changes nothing.
        again = list(
            StripeEvent.objects.filter(pk__in=post.taken).values_list("payload", flat=True)
        )
        post.withheld = [{**event, "id": f"evt_late_{secrets.token_hex(8)}"} for event in again]
        post.deliver_some()
        post.deliver_all()
        check(eleni, post.taken)
        assert told_of(eleni) == before


def check(eleni: Customer, event_ids: set[str]) -> None:
    """Compare what we have made of it all with what Stripe shows."""
    failed = StripeEvent.objects.filter(pk__in=event_ids).exclude(
        status__in=["processed", "ignored"]
    )
    assert not failed.exists(), [(event.type, event.status, event.error) for event in failed]
    tenant = eleni.tenant
    assert [each.line for each in reconcile.differences(tenant=tenant)] == []
    status = eleni.at_stripe["status"]
    assert eleni.mirrored.status == status
    assert (tenant.status == "suspended") == (status in CLOSED_STATUSES), status
    assert Tenant.objects.filter(owner_email=eleni.order.email).count() == 1
    assert eleni.mails("welcome") == 1
    changes = AccessChange.objects.filter(tenant=tenant).order_by("pk")
    history = [False, *changes.values_list("suspended", flat=True)]
    assert all(one != next_one for one, next_one in pairwise(history)), history
    assert history[-1] == (tenant.suspended_at is not None)


def told_of(eleni: Customer) -> dict[str, object]:
    """Return what people see of it: history, mirror and mails."""
    mirrored = eleni.mirrored
    return {
        "changes": AccessChange.objects.filter(tenant=eleni.tenant).count(),
        "plan": mirrored.plan and mirrored.plan.code,
        "status": mirrored.status,
        "past due since": mirrored.past_due_since,
        "mails": OutgoingMail.objects.filter(to=eleni.order.email).count(),
    }
