"""A customer's life, from the trial to the archive, with the clocks in our hands."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from billing import access, archiving
from billing.models import Invoice, Subscription
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from public_apps.tenants.models import AccessChange, Tenant
from tests.billing.stripe_stack import Customer, StripeStack
from tests.customer import until

GRACE = timedelta(days=settings.PAST_DUE_GRACE_DAYS)
SECOND = timedelta(seconds=1)


class Calendar:
    """Stripe's clock and ours, put forward together; events are handled as they come."""

    def __init__(self, stripe_stack: StripeStack) -> None:
        self.stripe_stack = stripe_stack
        self.ahead = timedelta()

    @property
    def now(self) -> datetime:
        """What both clocks show."""
        return timezone.now() + self.ahead

    def wait_until(self, moment: datetime) -> None:
        """Let time pass until a moment, with all that is due on the way."""
        ahead = moment - self.now
        if ahead > SECOND:
            self.stripe_stack.control("clock", {"advance": int(ahead.total_seconds()) + 1})
            self.ahead += timedelta(seconds=int(ahead.total_seconds()) + 1)
        self.stripe_stack.handle_all()
        access.review_due(now=self.now)


def status_of(customer: Customer, wanted: str) -> bool:
    """Whether Stripe has come to a status by itself; its clock works beside ours."""
    return bool(until(lambda: customer.at_stripe["status"] == wanted))


def told_of(customer: Customer, kind: str) -> bool:
    """Whether the owner has been promised a mail, once what has come by now is handled."""
    customer.stripe_stack.handle_all()
    return customer.mails(kind) > 0


def content_of(tenant: Tenant) -> dict[str, str]:
    """Return a digest of every table in the tenant's schema."""
    with inside(tenant.schema_name), connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s", [tenant.schema_name]
        )
        tables = sorted(name for (name,) in cursor.fetchall())
        digests = {}
        for table in tables:
            cursor.execute(
                f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t"  # noqa: S608 - a name from the catalogue
            )
            digests[table] = cursor.fetchone()[0]
    return digests


def history_of(tenant: Tenant) -> list[tuple[bool, str]]:
    """Return when the tenant was suspended and let in, oldest first, and by what."""
    changes = AccessChange.objects.filter(tenant=tenant).order_by("pk")
    return list(changes.values_list("suspended", "cause"))


def test_a_life_from_trial_to_archive(own_stripe_stack: StripeStack) -> None:
    stripe_stack, calendar = own_stripe_stack, Calendar(own_stripe_stack)
    eleni = stripe_stack.buy("trial", plan="starter")
    before = content_of(eleni.tenant)
    subscription_id = eleni.subscription_id
    assert (eleni.mirrored.status, eleni.tenant.status) == ("trialing", "active")

    trial_end = Subscription.objects.get(pk=subscription_id).trial_end
    assert trial_end is not None
    calendar.wait_until(trial_end - timedelta(days=2))
    until(lambda: told_of(eleni, "trial_ending"))
    assert eleni.tenant.status == "active"

    calendar.wait_until(trial_end)
    assert status_of(eleni, "active")
    stripe_stack.handle_all()
    assert (eleni.mirrored.status, eleni.tenant.status) == ("active", "active")

    period_end = eleni.mirrored.current_period_end
    assert period_end is not None
    calendar.wait_until(period_end - timedelta(hours=1))
    eleni.move("past_due")  # the card is refused
    stripe_stack.handle_all()
    since = eleni.mirrored.past_due_since
    assert since is not None
    access.review_due(now=since + GRACE - SECOND)
    assert (eleni.mirrored.status, eleni.tenant.status) == ("past_due", "active")

    calendar.wait_until(since + GRACE)
    assert eleni.tenant.status == "suspended"
    assert stripe_stack.http_client().ask("GET", "/api/schema/", host=eleni.host).status_code == 402

    eleni.move("active")  # the owner has paid
    stripe_stack.handle_all()
    assert (eleni.mirrored.status, eleni.tenant.status) == ("active", "active")

    stripe_stack.post(f"subscriptions/{subscription_id}", cancel_at_period_end="true")
    stripe_stack.handle_all()
    ends = eleni.mirrored.cancel_at
    assert ends is not None
    calendar.wait_until(ends - timedelta(hours=1))
    assert eleni.tenant.status == "active"
    calendar.wait_until(ends)
    assert status_of(eleni, "canceled")
    stripe_stack.handle_all()
    assert eleni.tenant.status == "suspended"

    archiving.archive(tenant=eleni.tenant, by="anna@staff.example")
    stripe_stack.handle_all()
    assert eleni.tenant.status == "archived"

    assert history_of(eleni.tenant) == [
        (True, access.BY_CLOCK),
        (False, subscription_id),
        (True, subscription_id),
    ]
    assert content_of(eleni.tenant) == before
    assert Invoice.objects.filter(tenant=eleni.tenant, status="paid").count() >= 3
    told = OutgoingMail.objects.filter(to=eleni.order.email).values_list("kind", flat=True)
    assert Counter(told) == {
        "welcome": 1,
        "trial_ending": 1,
        "payment_failed": 1,
        "suspended": 2,
        "back_again": 1,
        "cancelled": 1,
    }
