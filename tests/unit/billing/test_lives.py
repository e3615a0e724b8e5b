"""Whatever happens to a subscription, and however its events come: we end in what Stripe shows.

A life is drawn and lived at the mock Stripe, and told in no order, repeated and late. What we hold is
compared with Stripe's own answers, not with what our own reading of them would make; and every mail
is held, when it leaves, against what Stripe says then.

`LIVES=500` lives many more of them.
"""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, note, settings
from hypothesis import strategies as st

from billing import mails, reconcile
from billing.access_policy import CLOSED_STATUSES, OPEN_STATUSES
from billing.models import CreditNote, Invoice, Payment, Refund, StripeEvent, Subscription
from billing.words import WORDS, Situation
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import in_public
from public_apps.core.templatetags import money
from public_apps.tenants.models import AccessChange, Tenant
from tests.unit.billing.lives import PASSING, STEPS, STORIES, Life
from tests.unit.stripe_inside import Document, Owner, StripeInside, price_of

PARTS = st.lists(st.sampled_from([*STORIES, *((step,) for step in STEPS)]), min_size=2, max_size=4)
LIVES = PARTS.map(lambda parts: [step for part in parts for step in part])


@pytest.fixture
def owner(tenant: Tenant) -> Owner:
    """Somebody to write to."""
    return Owner(tenant)


@settings(
    max_examples=int(os.environ.get("LIVES", "4")),
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),  # a smaller life would not be worth the minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(steps=[*STORIES[0], *STORIES[1]], seed=1)  # "nothing more is charged", and a debit came
@example(steps=[*STORIES[3], *STORIES[6]], seed=2)
@example(steps=[*STORIES[11], *STORIES[12], *STORIES[15]], seed=3)
@example(steps=[*STORIES[13], *STORIES[14]], seed=4)
# A payment that is given up with its void invoice.
@example(steps=["loses the add-on", "is given up", "is let off", "is paid"], seed=30159)
@given(steps=LIVES, seed=st.integers(0, 2**32))
def test_every_life_ends_in_what_stripe_shows_and_no_mail_was_untrue(
    stripe_inside: StripeInside, owner: Owner, tenant: Tenant, steps: list[str], seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - shuffles a test's post
    begins = -sum(PASSING.get(step, 0) for step in steps)
    with _undone():
        life = Life(stripe_inside, tenant, dice, begins=begins)
        try:
            _live(life, steps)
        finally:
            life.end()


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _live(life: Life, steps: list[str]) -> None:
    for step in steps:
        life.take(step)
        life.deliver(all_of_it=life.dice.random() < 0.4)
        if not life.withheld:
            _mails_are_true(life)
    life.deliver(all_of_it=True)
    _mails_are_true(life)
    with in_public():
        note(str([(each.type, each.object_id) for each in StripeEvent.objects.all()]))
        _is_what_stripe_shows(life)
        before = _told(life)
        again = list(
            StripeEvent.objects.filter(pk__in=life.taken).values_list("payload", flat=True)
        )
    life.dice.shuffle(again)
    for event in again:
        life.hand_over(event | {"id": f"{event['id']}_late"})
    with in_public():
        _is_what_stripe_shows(life)
        assert _told(life) == before


# --- What Stripe shows --------------------------------------------------------------------------------


def _is_what_stripe_shows(life: Life) -> None:
    """Compare subscription, access, invoices, payments and what was given back with Stripe's answers."""
    failed = StripeEvent.objects.exclude(status__in=["processed", "ignored"])
    assert [(each.type, each.status, each.error) for each in failed] == []
    assert [each.line for each in reconcile.differences(tenant=life.tenant)] == []
    assert _held(life) == _shown(life)
    for model in (Subscription, Invoice, Payment, Refund, CreditNote):
        assert set(model.objects.values_list("tenant", flat=True)) <= {life.tenant.pk}, model
    _access_follows(life)


def _access_follows(life: Life) -> None:
    tenant = Tenant.objects.get(pk=life.tenant.pk)
    status = life.at_stripe["status"]
    if status in OPEN_STATUSES | CLOSED_STATUSES:
        assert (tenant.suspended_at is not None) == (status in CLOSED_STATUSES), status
    changes = AccessChange.objects.filter(tenant=tenant).order_by("pk")
    history = [False, *changes.values_list("suspended", flat=True)]
    assert all(one != other for one, other in itertools.pairwise(history)), history


def _shown(life: Life) -> Document:
    """Return what Stripe answers, in the shape of `_held`."""
    subscription = life.at_stripe
    items = [(each["id"], each["price"]["id"], each["price"]["unit_amount"], each["quantity"])
             for each in subscription["items"]["data"]]  # fmt: skip
    plans = {price for _item, price, _each, _count in items} - {life.extra}
    every = {"customer": life.customer, "limit": 100}
    invoices = [each for each in life.invoices() if each["status"] != "draft"]
    notes = life.stripe.get("credit_notes", **every)["data"]
    intents = life.stripe.get("payment_intents", **every)["data"]
    paid = [each for each in intents if each["status"] == "succeeded"]
    return {
        "status": subscription["status"],
        "ends": subscription["cancel_at"],
        "schedule": subscription["schedule"] or "",
        "plan's price": plans or {""},
        "charged": sorted((item, each, count) for item, _price, each, count in items),
        "invoices": {
            each["id"]: (each["status"], each["number"], each["total"], each["amount_due"],
                         each["amount_paid"], each["pre_payment_credit_notes_amount"]
                         + each["post_payment_credit_notes_amount"])
            for each in invoices
        },
        "credit notes": {each["id"]: (each["status"], each["total"]) for each in notes},
        "payments": {each["id"]: _payment_shown(life, each) for each in paid},
        "refunds": _refunds_shown(life, paid),
    }  # fmt: skip


def _payment_shown(life: Life, intent: Document) -> tuple[Any, ...]:
    charge = life.stripe.get(f"charges/{intent['latest_charge']}")
    disputes = life.stripe.get("disputes", payment_intent=intent["id"])["data"]
    status = disputes[0]["status"] if disputes else ""
    return intent["amount_received"], charge["amount_refunded"], status


def _refunds_shown(life: Life, intents: list[Document]) -> Document:
    return {
        each["id"]: (intent["id"], each["amount"], each["status"])
        for intent in intents
        for each in life.stripe.get("refunds", payment_intent=intent["id"], limit=100)["data"]
    }


def _held(life: Life) -> Document:
    row = Subscription.objects.get(pk=life.id)
    paid = Payment.objects.filter(tenant=life.tenant, status="succeeded")
    issued = Invoice.objects.filter(tenant=life.tenant)
    return {
        "status": row.status,
        "ends": row.cancel_at and int(row.cancel_at.timestamp()),
        "schedule": row.schedule_id,
        "plan's price": {row.price_id},
        "charged": sorted((each["id"], each["unit_amount"], each["quantity"]) for each in row.items),
        "invoices": {
            each.pk: (each.status, each.number, each.total, each.amount_due, each.amount_paid,
                      each.amount_credited)
            for each in issued
        },
        "credit notes": {
            each.pk: (each.status, each.total)
            for each in CreditNote.objects.filter(tenant=life.tenant)
        },
        "payments": {
            each.pk: (each.amount_received, each.amount_refunded, each.dispute_status)
            for each in paid
        },
        "refunds": {
            each.pk: (each.payment_id, each.amount, each.status)
            for each in Refund.objects.filter(tenant=life.tenant)
        },
    }  # fmt: skip


def _told(life: Life) -> Document:
    """Return what people see of it beside: mails, and since when payment is late."""
    row = Subscription.objects.get(pk=life.id)
    return {
        "mails": sorted(OutgoingMail.objects.values_list("kind", "key")),
        "late since": row.past_due_since,
        "plan": row.plan and row.plan.code,
        "changes": AccessChange.objects.filter(tenant=life.tenant).count(),
    }


# --- What was said ------------------------------------------------------------------------------------


def _mails_are_true(life: Life) -> None:
    """Send what was promised, all being told, and hold each mail against what Stripe says now."""
    for sent, text in life.send_mails():
        assert _TRUE[sent.kind](life, sent, text), (sent.kind, life.at_stripe["status"], text)


def _is_owed(life: Life, sent: OutgoingMail, text: str) -> bool:
    invoice = life.stripe.get(f"invoices/{sent.key.split(':')[1]}")
    owed = money.money(invoice["amount_remaining"], "eur")
    return invoice["status"] == "open" and f"{owed} " in text and invoice["number"] in text


def _is_overdue(life: Life, sent: OutgoingMail, text: str) -> bool:
    invoice = life.stripe.get(f"invoices/{sent.key.split(':')[1]}")
    return _is_owed(life, sent, text) and invoice["due_date"] <= time.time()  # a life is told late


def _is_closed(life: Life, _sent: OutgoingMail, _text: str) -> bool:
    return life.at_stripe["status"] in CLOSED_STATUSES | {"past_due"} and _is_suspended(life)


def _is_open(life: Life, _sent: OutgoingMail, _text: str) -> bool:
    return life.at_stripe["status"] in OPEN_STATUSES | {"past_due"} and not _is_suspended(life)


def _is_suspended(life: Life) -> bool:
    with in_public():
        return Tenant.objects.get(pk=life.tenant.pk).suspended_at is not None


def _trial_ends(life: Life, _sent: OutgoingMail, text: str) -> bool:
    subscription = life.at_stripe
    charged = life.stripe.post("invoices/create_preview", subscription=life.id)["amount_due"]
    return subscription["status"] == "trialing" and money.money(charged, "eur") in text


def _is_cancelled(life: Life, _sent: OutgoingMail, text: str) -> bool:
    """Nothing more is charged, it says, only where no invoice is open."""
    owed = [each for each in life.invoices() if each["status"] == "open"]
    nothing_more = str(WORDS[Situation.NOTHING_MORE]) in text
    closed = "is paused now" not in text or _is_suspended(life)
    return life.at_stripe["canceled_at"] is not None and closed and not (owed and nothing_more)


def _is_planned(life: Life, _sent: OutgoingMail, text: str) -> bool:
    schedule = life.stripe.get(f"subscription_schedules/{life.at_stripe['schedule']}")
    last = schedule["phases"][-1]
    waits = last["start_date"] > schedule["current_phase"]["start_date"]
    return waits and _starter() in {item["price"] for item in last["items"]} and "Starter" in text


def _has_come(life: Life, _sent: OutgoingMail, text: str) -> bool:
    charged = {item["price"]["id"] for item in life.at_stripe["items"]["data"]}
    return _starter() in charged and "Starter" in text


def _starter() -> str:
    return price_of("starter").stripe_price_id


_TRUE = {
    mails.PAYMENT_FAILED: _is_owed,
    mails.ACTION_REQUIRED: _is_owed,
    mails.PAYMENT_OVERDUE: _is_overdue,
    mails.SUSPENDED: _is_closed,
    mails.BACK_AGAIN: _is_open,
    mails.TRIAL_ENDING: _trial_ends,
    mails.CANCELLED: _is_cancelled,
    mails.CHANGE_PLANNED: _is_planned,
    mails.PLAN_CHANGED: _has_come,
}
