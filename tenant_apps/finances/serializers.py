"""The shapes of months, expenses, charges, payments and statements in the tenant API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from public_apps.accounts.permissions import Scope
from tenant_apps.buildings.models import Apartment, Party
from tenant_apps.buildings.serializers import WorkSerializer
from tenant_apps.files.models import StoredFile
from tenant_apps.finances import queries
from tenant_apps.finances.models import (
    Account,
    Allocation,
    Charge,
    EntryKind,
    Expense,
    Method,
    Payment,
    Period,
    Share,
    Status,
)
from tenant_apps.finances.models.months import MOST_CENTS


class PeriodSerializer(serializers.ModelSerializer[Period]):
    status = serializers.ChoiceField(choices=Status.choices, read_only=True)
    expense_count = serializers.IntegerField(read_only=True)
    expense_total = serializers.IntegerField(read_only=True)

    class Meta:
        money = ("expense_total",)
        model = Period
        fields = (
            "id", "building", "month", "status", "expense_count", "expense_total",
            "created_at", "issued_at", "closed_at", "version",
        )  # fmt: skip
        read_only_fields = ("created_at", "issued_at", "closed_at", "version")
        validators: list[Any] = []


class ReckonedApartmentSerializer(serializers.Serializer[Any]):
    apartment = serializers.IntegerField()
    number = serializers.CharField()
    mills = serializers.IntegerField()
    owner = serializers.IntegerField(help_text="cents")
    tenant = serializers.IntegerField(help_text="cents")
    total = serializers.IntegerField(help_text="cents")

    class Meta:
        money = ("owner", "tenant", "total")


class PreviewSerializer(serializers.Serializer[Any]):
    issuable = serializers.BooleanField()
    problem = serializers.CharField(allow_blank=True, help_text="why it can't be issued")
    mills_sum = serializers.IntegerField()
    total = serializers.IntegerField(help_text="cents")
    apartments = ReckonedApartmentSerializer(many=True)

    class Meta:
        money = ("total",)


class IssuedSerializer(serializers.Serializer[Any]):
    period = PeriodSerializer()
    work = WorkSerializer(
        allow_null=True, help_text="of a large month: watch it, the month is still a draft"
    )


class ReceiptSerializer(serializers.ModelSerializer[StoredFile]):
    class Meta:
        model = StoredFile
        fields = ("id", "name", "kind", "size")
        read_only_fields = fields


class AttachmentIdField(serializers.UUIDField):
    """The id of the receipt; sent, that of an upload."""

    def get_attribute(self, instance: Expense) -> UUID | None:
        return instance.attachment_id


class ExpenseSerializer(serializers.ModelSerializer[Expense]):
    chosen = serializers.PrimaryKeyRelatedField(
        queryset=Apartment.objects.all(), many=True, required=False
    )
    attachment = AttachmentIdField(
        required=False, allow_null=True, help_text="the receipt; sent, the id of an upload of yours"
    )
    file = ReceiptSerializer(
        source="attachment", read_only=True, allow_null=True, help_text="more of the receipt"
    )
    month = serializers.DateField(source="period.month", read_only=True)
    building = serializers.IntegerField(source="period.building_id", read_only=True)

    class Meta:
        money = ("amount",)
        model = Expense
        fields = (
            "id", "period", "month", "building", "category", "description", "amount", "spent_on",
            "sharing", "paid_by", "chosen", "attachment", "file", "created_at", "reversed_at",
            "reversal_reason", "version",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = (
            "created_at", "reversed_at", "reversal_reason", "version",
        )  # fmt: skip
        extra_kwargs = {"amount": {"help_text": ""}}

    def to_representation(self, instance: Expense) -> dict[str, Any]:
        """Leave out for residents which neighbours share an expense."""
        shown = super().to_representation(instance)
        if self.context.get("scope") is Scope.OWN:
            shown["chosen"] = []
        return shown


class ExpenseChangeSerializer(ExpenseSerializer):
    """An expense stays in its month, with its attachment."""

    attachment = AttachmentIdField(read_only=True, allow_null=True, help_text="the receipt")

    class Meta(ExpenseSerializer.Meta):
        read_only_fields = ("period", "created_at", "reversed_at", "reversal_reason", "version")


class ChargeSerializer(serializers.ModelSerializer[Charge]):
    month = serializers.DateField(source="period.month", read_only=True)
    building = serializers.IntegerField(source="period.building_id", read_only=True)
    apartment_number = serializers.CharField(source="apartment.number", read_only=True)
    open = serializers.IntegerField(read_only=True)

    class Meta:
        money = ("amount", "paid", "open")
        model = Charge
        fields: tuple[str, ...] = (
            "id", "period", "month", "building", "apartment", "apartment_number", "party", "kind",
            "corrects", "reason", "amount", "paid", "open", "created_at",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields


class ShareSerializer(serializers.ModelSerializer[Share]):
    category = serializers.CharField(source="expense.category", read_only=True)
    description = serializers.CharField(source="expense.description", read_only=True)
    expense_amount = serializers.IntegerField(source="expense.amount", read_only=True)

    class Meta:
        money = ("expense_amount", "amount")
        model = Share
        fields = ("expense", "category", "description", "expense_amount", "mills", "amount")
        read_only_fields = fields


class ChargeInFullSerializer(ChargeSerializer):
    """One charge with the shares that it is made of."""

    shares = serializers.SerializerMethodField()

    class Meta(ChargeSerializer.Meta):
        fields = (*ChargeSerializer.Meta.fields, "shares")
        read_only_fields = fields

    @extend_schema_field(ShareSerializer(many=True))
    def get_shares(self, charge: Charge) -> Any:
        """Return the shares of the month that this charge sums up; a correction has none."""
        return ShareSerializer(queries.shares_of(charge), many=True).data


class CorrectionSerializer(serializers.Serializer[Any]):
    amount = serializers.IntegerField(
        min_value=-MOST_CENTS, max_value=MOST_CENTS, help_text="negative lowers the charge"
    )
    reason = serializers.CharField(max_length=200)

    class Meta:
        money = ("amount",)


class CorrectedSerializer(serializers.Serializer[Any]):
    """What a correction has made: a further charge, or a credit note among the payments."""

    charge = serializers.IntegerField(allow_null=True)
    payment = serializers.IntegerField(allow_null=True)


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=200)


class AllocationSerializer(serializers.ModelSerializer[Allocation]):
    month = serializers.DateField(source="charge.period.month", read_only=True)

    class Meta:
        money = ("amount",)
        model = Allocation
        fields = ("charge", "month", "amount")
        read_only_fields = fields


class PaymentSerializer(serializers.ModelSerializer[Payment]):
    method = serializers.ChoiceField(choices=Method.choices)
    apartment_number = serializers.CharField(source="apartment.number", read_only=True)
    building = serializers.IntegerField(source="apartment.building_id", read_only=True)
    credit = serializers.IntegerField(read_only=True, help_text="for charges to come")
    allocations = AllocationSerializer(many=True, read_only=True)

    class Meta:
        money = ("amount", "allocated", "credit")
        model = Payment
        fields = (
            "id", "building", "apartment", "apartment_number", "party", "method", "amount",
            "allocated", "credit", "paid_on", "reference", "note", "corrects", "created_at",
            "reversed_at", "reversal_reason", "allocations",
        )  # fmt: skip
        read_only_fields = (
            "allocated", "corrects", "created_at", "reversed_at", "reversal_reason",
        )  # fmt: skip
        extra_kwargs = {
            "amount": {"help_text": ""},
            "allocated": {"help_text": "the rest is a credit"},
        }
        validators: list[Any] = []


class BalanceSerializer(serializers.ModelSerializer[Account]):
    apartment_number = serializers.CharField(source="apartment.number", read_only=True)
    balance = serializers.IntegerField(
        source="known_balance", read_only=True, help_text="positive is owed, negative a credit"
    )

    class Meta:
        money = ("balance",)
        model = Account
        fields = ("id", "building", "apartment", "apartment_number", "party", "balance")
        read_only_fields = fields


class StatementLineSerializer(serializers.Serializer[Any]):
    date = serializers.DateField()
    kind = serializers.ChoiceField(choices=EntryKind.choices)
    party = serializers.ChoiceField(choices=Party.choices)
    text = serializers.CharField()
    amount = serializers.IntegerField(help_text="a payment is negative")
    balance = serializers.IntegerField(help_text="after this line")

    class Meta:
        money = ("amount", "balance")


class StatementSerializer(serializers.Serializer[Any]):
    apartment = serializers.IntegerField(source="apartment.pk")
    number = serializers.CharField(source="apartment.number")
    building = serializers.IntegerField(source="apartment.building_id")
    since = serializers.DateField(allow_null=True)
    until = serializers.DateField(allow_null=True)
    opening_balance = serializers.IntegerField()
    closing_balance = serializers.IntegerField()
    lines = StatementLineSerializer(many=True)

    class Meta:
        money = ("opening_balance", "closing_balance")


class SpanSerializer(serializers.Serializer[Any]):
    since = serializers.DateField(required=False, default=None)
    until = serializers.DateField(required=False, default=None)
