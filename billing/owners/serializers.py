"""The shapes of the owner's API; money in minor units, times in ISO 8601."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.models import Interval, Invoice


class PlanChoiceSerializer(serializers.Serializer[Any]):
    """A plan and how often it is paid."""

    plan = serializers.SlugField(max_length=40)
    interval = serializers.ChoiceField(choices=Interval.choices)


class WishSerializer(PlanChoiceSerializer):
    """A change of plan, or with `preview` the question what it would cost."""

    preview = serializers.BooleanField(default=False)
    at = serializers.DateTimeField(
        required=False, help_text="the `at` of a preview, to be charged exactly what it said"
    )


class NextChargeSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField(allow_null=True)
    amount = serializers.IntegerField(help_text="in minor units")
    currency = serializers.CharField()


class CostLineSerializer(serializers.Serializer[Any]):
    description = serializers.CharField()
    amount = serializers.IntegerField(help_text="in minor units; negative: given back")


class PlanPreviewSerializer(serializers.Serializer[Any]):
    plan = serializers.CharField()
    interval = serializers.ChoiceField(choices=Interval.choices)
    currency = serializers.CharField()
    at = serializers.DateTimeField()
    lines = CostLineSerializer(many=True)
    due_now = serializers.IntegerField(help_text="in minor units")
    credit = serializers.IntegerField(help_text="kept for the next charges, in minor units")
    next_charge = NextChargeSerializer(
        allow_null=True, help_text="null: something added to the plan has no fixed price"
    )


class SubscribedPlanSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class SubscribedPriceSerializer(serializers.Serializer[Any]):
    unit_amount = serializers.IntegerField()
    currency = serializers.CharField()
    interval = serializers.CharField()
    quantity = serializers.IntegerField()


class PastDueSerializer(serializers.Serializer[Any]):
    since = serializers.DateTimeField()
    grace_ends_at = serializers.DateTimeField()


class PaymentProblemSerializer(serializers.Serializer[Any]):
    invoice = serializers.CharField()
    amount_due = serializers.IntegerField()
    currency = serializers.CharField()
    pay_url = serializers.URLField(allow_null=True, help_text="null: use the portal")
    next_attempt_at = serializers.DateTimeField(allow_null=True)


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
    status = serializers.CharField(help_text="Stripe's word; `manual`: paid by hand; or `none`")
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
    class Meta:
        model = Invoice
        fields = (
            "id", "number", "status", "amount_due", "amount_paid", "currency", "created_at",
            "hosted_url", "pdf_url",
        )  # fmt: skip


class InvoicePageSerializer(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = InvoiceSerializer(many=True)
