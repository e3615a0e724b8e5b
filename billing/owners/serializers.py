"""The shapes of the owner's API; money in minor units, times in ISO 8601."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from billing.access_policy import CLOSED_STATUSES, OPEN_STATUSES
from billing.models import Interval, Invoice
from billing.owners.overview import NOTHING, PAID_BY_HAND
from billing.serializers import FrontendUrlField

STATUSES = (
    *sorted(OPEN_STATUSES | CLOSED_STATUSES | {"past_due", "incomplete"}),
    PAID_BY_HAND, NOTHING, "unknown",
)  # fmt: skip
INVOICE_STATUSES = ("draft", "open", "paid", "uncollectible", "void", "unknown")
# Stripe's: a price that was made there by hand may be for days or weeks.
PRICE_INTERVALS = ("day", "week", "month", "year", "unknown")


class WordField(serializers.ChoiceField):
    """A word of Stripe's; one that we don't know yet is `unknown`, so that the list is whole."""

    def to_representation(self, value: Any) -> str:
        return value if value in self.choices else "unknown"


class PlanChoiceSerializer(serializers.Serializer[Any]):
    """A plan and how often it is paid."""

    plan = serializers.SlugField(max_length=40)
    interval = serializers.ChoiceField(choices=Interval.choices)


class BeginAgainSerializer(PlanChoiceSerializer):
    """What to begin again with, and where to come back to."""

    frontend_url = FrontendUrlField()


class PortalSerializer(serializers.Serializer[Any]):
    """Where to come back to from the portal."""

    frontend_url = FrontendUrlField()


@extend_schema_serializer(component_name="Wish")  # as clients have generated it
class PlanChangeSerializer(PlanChoiceSerializer):
    """A change of plan, or with `preview` the question what it would cost."""

    preview = serializers.BooleanField(default=False)
    at = serializers.DateTimeField(
        required=False, help_text="the `at` of a preview, to be charged exactly what it said"
    )


class NextChargeSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField(allow_null=True)
    amount = serializers.IntegerField()
    currency = serializers.CharField()

    class Meta:
        money = ("amount",)


class CostLineSerializer(serializers.Serializer[Any]):
    description = serializers.CharField()
    amount = serializers.IntegerField(help_text="negative: given back")

    class Meta:
        money = ("amount",)
        currency = "the preview's `currency`"


class PlanPreviewSerializer(serializers.Serializer[Any]):
    plan = serializers.CharField()
    interval = serializers.ChoiceField(choices=Interval.choices)
    currency = serializers.CharField()
    at = serializers.DateTimeField()
    lines = CostLineSerializer(many=True)
    due_now = serializers.IntegerField()
    credit = serializers.IntegerField(help_text="kept for the next charges")
    next_charge = NextChargeSerializer()

    class Meta:
        money = ("due_now", "credit")


class SubscribedPlanSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class SubscribedPriceSerializer(serializers.Serializer[Any]):
    unit_amount = serializers.IntegerField()
    currency = serializers.CharField()
    interval = WordField(choices=PRICE_INTERVALS)
    quantity = serializers.IntegerField()

    class Meta:
        money = ("unit_amount",)


class PastDueSerializer(serializers.Serializer[Any]):
    since = serializers.DateTimeField()
    grace_ends_at = serializers.DateTimeField()


class PaymentProblemSerializer(serializers.Serializer[Any]):
    invoice = serializers.CharField()
    amount_due = serializers.IntegerField()
    currency = serializers.CharField()
    pay_url = serializers.URLField(allow_null=True, help_text="null: use the portal")
    next_attempt_at = serializers.DateTimeField(allow_null=True)

    class Meta:
        money = ("amount_due",)


class UseSerializer(serializers.Serializer[Any]):
    limit = serializers.IntegerField(allow_null=True, help_text="null: unlimited")
    used = serializers.IntegerField(allow_null=True)


class LimitsInUseSerializer(serializers.Serializer[Any]):
    apartments = UseSerializer()


class ActionsSerializer(serializers.Serializer[Any]):
    change_plan = serializers.BooleanField()
    cancel = serializers.BooleanField()
    resume = serializers.BooleanField()
    portal = serializers.BooleanField()
    begin_again = serializers.BooleanField()


class SubscriptionSerializer(serializers.Serializer[Any]):
    plan = SubscribedPlanSerializer(allow_null=True)
    suspended = serializers.BooleanField()
    status = WordField(
        choices=STATUSES, help_text="Stripe's word; `manual`: paid by hand; or `none`"
    )
    price = SubscribedPriceSerializer(allow_null=True)
    trial_end = serializers.DateTimeField(allow_null=True)
    current_period_start = serializers.DateTimeField(allow_null=True)
    current_period_end = serializers.DateTimeField(allow_null=True)
    next_charge = NextChargeSerializer(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    data_kept_until = serializers.DateTimeField(allow_null=True)
    past_due = PastDueSerializer(allow_null=True)
    payment_problem = PaymentProblemSerializer(allow_null=True)
    limits = LimitsInUseSerializer()
    actions = ActionsSerializer()


class LeadOnSerializer(serializers.Serializer[Any]):
    """Where to send the browser."""

    url = serializers.URLField()


class InvoiceSerializer(serializers.ModelSerializer[Invoice]):
    status = WordField(choices=INVOICE_STATUSES)

    class Meta:
        model = Invoice
        money = ("amount_due", "amount_paid")
        fields = (
            "id", "number", "status", "amount_due", "amount_paid", "currency", "created_at",
            "hosted_url", "pdf_url",
        )  # fmt: skip


class InvoicePageSerializer(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = InvoiceSerializer(many=True)
