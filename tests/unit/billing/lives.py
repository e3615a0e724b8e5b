"""What may happen in a subscription's life at Stripe, a step each, and how its events reach us."""

from __future__ import annotations

import contextlib
import random
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings
from django.utils import translation

from billing import access, inbox, mails, scheduled_changes, stripe_sync
from billing.handlers import HANDLERS
from billing.tasks import handle_event
from public_apps.core import mail
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import in_public
from public_apps.tenants.models import Tenant
from tests.unit.stripe_inside import Document, Refused, StripeInside, outbox, price_of

Step = Callable[["Life"], object]


class Life:
    """One subscription of a workspace, and the post between Stripe and us: late, often, in no order."""

    def __init__(
        self, stripe: StripeInside, tenant: Tenant, dice: random.Random, *, begins: int
    ) -> None:
        self.stripe, self.tenant, self.dice = stripe, tenant, dice
        self.day = begins
        self.withheld: list[Document] = []
        self.taken: set[str] = set()
        stripe.set_clock(begins)
        stripe.events()
        self.customer = stripe.customer()["id"]
        with in_public():
            stripe_sync.link_customer(customer_id=self.customer, tenant=tenant)
        self.extra = stripe.price(500)["id"]
        plan = price_of("professional").stripe_price_id
        self.id = stripe.subscribe(plan, customer=self.customer)["id"]

    @property
    def at_stripe(self) -> Document:
        """The subscription as Stripe has it."""
        return self.stripe.get(f"subscriptions/{self.id}")

    def invoices(self) -> list[Document]:
        """Return its invoices at Stripe, newest first."""
        found: list[Document] = self.stripe.get("invoices", subscription=self.id, limit=100)["data"]
        return found

    def take(self, step: str) -> None:
        """Let something happen; what Stripe refuses at this point of a life does not."""
        with contextlib.suppress(Refused):
            STEPS[step](self)

    # --- The post -------------------------------------------------------------------------------------

    def deliver(self, *, all_of_it: bool = False) -> None:
        """Hand over some of what Stripe has to tell, shuffled and repeated; or the rest of it."""
        self.withheld += [event for event in self.stripe.events() if self._is_of_it(event)]
        self.dice.shuffle(self.withheld)
        part = len(self.withheld) if all_of_it else self.dice.randint(0, len(self.withheld))
        now, self.withheld = self.withheld[:part], self.withheld[part:]
        for event in now:
            self.hand_over(event)
            if self.dice.random() < 0.2:
                self.hand_over(event)
            if self.dice.random() < 0.1:
                self.hand_over(event | {"id": f"evt_twin_{secrets.token_hex(8)}"})

    def _is_of_it(self, event: Document) -> bool:
        """Say whether an event is ours to hear, and of this life: older ones still have invoices."""
        about = event["data"]["object"]
        named = {about.get("customer"), about["id"]}
        of_charge = "charge" in about and self._customer_of(about["charge"]) == self.customer
        return event["type"] in HANDLERS and (self.customer in named or of_charge)

    def _customer_of(self, charge: str) -> str:
        return str(self.stripe.get(f"charges/{charge}")["customer"])

    def hand_over(self, event: Document) -> None:
        """Have one event handled, as a worker would."""
        with in_public(), translation.override(settings.LANGUAGE_CODE):
            inbox.receive(event)
            handle_event(event_id=event["id"])
        self.taken.add(event["id"])

    def send_mails(self) -> list[tuple[OutgoingMail, str]]:
        """Send what was promised, let the clock have its say before, and return what was said."""
        said = []
        with in_public():
            access.review_due()
            for promised in OutgoingMail.objects.waiting().filter(kind__in=mails.KINDS):
                before = len(outbox())
                mail.send(mail_id=promised.pk)
                promised.refresh_from_db()
                assert not promised.error, promised.error
                said += [(promised, str(each.body)) for each in outbox()[before:]]
        return said

    def end(self) -> None:
        """Leave nothing at Stripe that would go on living in the next life."""
        with contextlib.suppress(Refused):
            self.stripe.delete(f"customers/{self.customer}")
        self.stripe.events()


def _moves(status: str) -> Step:
    return lambda life: life.stripe.control(f"subscriptions/{life.id}", {"status": status})


def _happens(what: str) -> Step:
    return lambda life: life.stripe.happen(life.id, what)


def _set(**more: object) -> Step:
    return lambda life: life.stripe.post(f"subscriptions/{life.id}", **more)


def _days(count: int) -> Step:
    def pass_by(life: Life) -> None:
        life.day += count
        life.stripe.set_clock(life.day)

    return pass_by


def _plans_item(life: Life) -> Document:
    items = life.at_stripe["items"]["data"]
    return next(item for item in items if item["price"]["id"] != life.extra)


def _to_plan(code: str) -> Step:
    def change(life: Life) -> None:
        item = {"id": _plans_item(life)["id"], "price": price_of(code).stripe_price_id}
        life.stripe.post(
            f"subscriptions/{life.id}", items=[item], proration_behavior="always_invoice"
        )

    return change


def _will_go_down(life: Life) -> None:
    """Plan Starter for the next period, as our own pages do."""
    schedule = life.at_stripe["schedule"]
    if schedule is None:
        schedule = life.stripe.post("subscription_schedules", from_subscription=life.id)["id"]
    current = life.stripe.get(f"subscription_schedules/{schedule}")["current_phase"]
    if current is None:  # it has ended with its subscription
        return
    starter, plans = price_of("starter").stripe_price_id, _plans_item(life)["id"]
    items = life.at_stripe["items"]["data"]
    now = [{"price": each["price"]["id"], "quantity": each["quantity"]} for each in items]
    then = [
        item | ({"price": starter} if each["id"] == plans else {})
        for item, each in zip(now, items, strict=True)
    ]
    asked = scheduled_changes.metadata(
        price_id=starter, asked_at=datetime.fromtimestamp(life.stripe.now, UTC)
    )
    life.stripe.post(
        f"subscription_schedules/{schedule}",
        phases=[{**current, "items": now}, {"items": then, "proration_behavior": "none"}],
        metadata=asked,
    )


def _thinks_better_of_it(life: Life) -> None:
    if schedule := life.at_stripe["schedule"]:
        life.stripe.post(f"subscription_schedules/{schedule}/release")


def _adds(life: Life) -> None:
    life.stripe.post("subscription_items", subscription=life.id, price=life.extra, quantity=2)


def _removes(life: Life) -> None:
    for item in life.at_stripe["items"]["data"]:
        if item["price"]["id"] == life.extra:
            life.stripe.delete(f"subscription_items/{item['id']}")


def _reorders(life: Life) -> None:
    """Take the plan's item away and add it again: what was second is first now."""
    item = _plans_item(life)
    again = [{"id": item["id"], "deleted": True}, {"price": price_of("starter").stripe_price_id}]
    if len(life.at_stripe["items"]["data"]) > 1:
        life.stripe.post(f"subscriptions/{life.id}", items=again)


def _refunds(part: int) -> Step:
    def give_back(life: Life) -> None:
        charges = life.stripe.get("charges", customer=life.customer)["data"]
        for charge in charges:
            left = charge["amount"] - charge["amount_refunded"]
            if charge["paid"] and left:
                life.stripe.post("refunds", charge=charge["id"], amount=max(1, left // part))
                return

    return give_back


def _credits(life: Life) -> None:
    """Write a credit note over a third: off what is open, or of what was paid."""
    for invoice in life.invoices():
        amount = invoice["total"] // 3
        paid = invoice["status"] == "paid"
        if amount and invoice["status"] in {"open", "paid"}:
            way = {"credit_amount" if life.dice.random() < 0.5 else "refund_amount": amount}
            life.stripe.post(
                "credit_notes", invoice=invoice["id"], amount=amount, **(way if paid else {})
            )
            return


def _dispute_ends(status: str) -> Step:
    def end(life: Life) -> None:
        charges = {
            each["id"] for each in life.stripe.get("charges", customer=life.customer)["data"]
        }
        for dispute in life.stripe.get("disputes")["data"]:
            if dispute["charge"] in charges and dispute["status"] == "needs_response":
                life.stripe.control(f"charges/{dispute['charge']}/dispute", {"status": status})

    return end


def _settles(way: str) -> Step:
    def settle(life: Life) -> None:
        for invoice in life.invoices():
            if invoice["status"] == "open":
                life.stripe.post(f"invoices/{invoice['id']}/{way}")
                return

    return settle


def _discounts(life: Life) -> None:
    coupon = life.stripe.post("coupons", percent_off="20", duration="once")["id"]
    life.stripe.post(f"subscriptions/{life.id}", discounts=[{"coupon": coupon}])


def _credit(life: Life) -> None:
    life.stripe.post(
        f"customers/{life.customer}/balance_transactions", amount=-2000, currency="eur"
    )


def _is_billed_beside(life: Life) -> None:
    life.stripe.post(
        "invoiceitems", customer=life.customer, subscription=life.id, amount=1500,
        description="Setting up",
    )  # fmt: skip


PASSING = {"a week passes": 7, "a month passes": 31}
STEPS: dict[str, Step] = {
    "is paid": _moves("active"),
    "fails": _moves("past_due"),
    "is given up": _moves("unpaid"),
    "is paused": _moves("paused"),
    "is tried": _moves("trialing"),
    "is cancelled at once": _moves("canceled"),
    "a trial ends": _happens("end-of-trial"),
    "is renewed by SEPA": _happens("slow-renewal"),
    "goes up": _to_plan("enterprise"),
    "goes down": _to_plan("starter"),
    "will go down": _will_go_down,
    "stays with its plan": _thinks_better_of_it,
    "gets an add-on": _adds,
    "loses the add-on": _removes,
    "has its items reordered": _reorders,
    "is not collected": _set(pause_collection={"behavior": "void"}),
    "is collected again": _set(pause_collection=""),
    "will be cancelled": _set(cancel_at_period_end=True),
    "stays after all": _set(cancel_at_period_end=False),
    "is sent invoices": _set(collection_method="send_invoice", days_until_due=5),
    "is charged by itself": _set(collection_method="charge_automatically"),
    "gets some back": _refunds(2),
    "gets all back": _refunds(1),
    "a refund fails": _happens("failed-refund"),
    "gets a credit note": _credits,
    "is disputed": _happens("dispute"),
    "wins the dispute": _dispute_ends("won"),
    "loses the dispute": _dispute_ends("lost"),
    "is warned of": _happens("fraud-warning"),
    "settles an invoice": _settles("pay"),
    "is let off": _settles("void"),
    "gets a discount": _discounts,
    "gets credit": _credit,
    "is billed beside": _is_billed_beside,
    **{name: _days(days) for name, days in PASSING.items()},
}
# What seldom follows upon each other by chance.
STORIES: tuple[tuple[str, ...], ...] = (
    ("is renewed by SEPA", "a week passes", "fails", "settles an invoice"),
    ("is renewed by SEPA", "will be cancelled", "is paid"),
    ("is renewed by SEPA", "is cancelled at once", "gets all back"),
    ("is sent invoices", "a month passes", "a week passes", "settles an invoice"),
    ("is sent invoices", "a month passes", "will be cancelled", "a week passes"),
    ("fails", "will be cancelled", "is paid", "gets a credit note"),
    ("fails", "gets a credit note", "settles an invoice", "gets all back"),
    ("fails", "is cancelled at once", "settles an invoice"),
    ("is given up", "is let off", "is paid"),
    ("is paused", "a month passes", "is paid", "is paused"),
    ("is tried", "will be cancelled", "stays after all", "a trial ends"),
    ("gets an add-on", "has its items reordered", "goes up", "loses the add-on"),
    ("goes down", "gets credit", "is billed beside", "a month passes", "gets a credit note"),
    ("will go down", "gets an add-on", "a month passes", "will be cancelled"),
    ("will go down", "stays with its plan", "will go down", "is cancelled at once"),
    ("gets some back", "a refund fails", "gets all back", "is disputed", "wins the dispute"),
    ("is disputed", "loses the dispute", "is cancelled at once"),
)
