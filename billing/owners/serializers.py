"""The shapes of the owner's API; money in minor units, times in ISO 8601."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from billing.access_policy import CLOSED_STATUSES, OPEN_STATUSES
from billing.models import CreditNote, Interval, Invoice
from billing.owners.at_period_end import TIMES
from billing.owners.confirmations import CONFIRM_PAYMENT
from billing.owners.cost_lines import LineKind
from billing.owners.overview import NOTHING, PAID_BY_HAND
from billing.pending_changes import PLAN, RESUMPTION
from billing.serializers import FrontendUrlField
from billing.words import Situation
from public_apps.core.rest.email_fields import AddressField

STATUSES = (
    *sorted(OPEN_STATUSES | CLOSED_STATUSES | {"past_due", "incomplete"}),
    PAID_BY_HAND, NOTHING, "unknown",
)  # fmt: skip
INVOICE_STATUSES = ("draft", "open", "paid", "uncollectible", "void", "unknown")
CREDIT_NOTE_STATUSES = ("issued", "void", "unknown")
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


class BillingContactSerializer(serializers.Serializer[Any]):
    """Where mails about money go, beside the owners."""

    email = AddressField()
    name = serializers.CharField(max_length=120, allow_blank=True, required=False, default="")


class NamedContactSerializer(BillingContactSerializer):
    """The contact that is wished for; an empty address takes it back."""

    email = AddressField(allow_blank=True)


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
    when = serializers.ChoiceField(
        choices=TIMES,
        required=False,
        help_text="when it is made: one of the preview's `when_choices`; left out: the first of them",
    )


class NextChargeSerializer(serializers.Serializer[Any]):
    """What is charged next, as Stripe works it out."""

    at = serializers.DateTimeField(allow_null=True)
    amount = serializers.IntegerField(help_text="what is to be paid, when all else is counted")
    currency = serializers.CharField()
    subtotal = serializers.IntegerField()
    discount = serializers.IntegerField()
    tax = serializers.IntegerField()
    credit_used = serializers.IntegerField()

    class Meta:
        money = ("amount", "subtotal", "discount", "tax", "credit_used")


class TrialEffectSerializer(serializers.Serializer[Any]):
    """What the change does to the free trial."""

    effect = serializers.ChoiceField(
        choices=[
            Situation.TRIAL_KEPT.value, Situation.TRIAL_SHORTENED.value,
            Situation.TRIAL_ENDS_NOW.value,
        ]
    )  # fmt: skip
    ends_at = serializers.DateTimeField(allow_null=True, help_text="null: with the change")
    detail = serializers.CharField(help_text="For people.")


class NoticeSerializer(serializers.Serializer[Any]):
    """Something that an owner must know."""

    situation = serializers.CharField(help_text="For programs; more may come.")
    detail = serializers.CharField(help_text="For people, in their language.")


class CostLineSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[kind.value for kind in LineKind])
    description = serializers.CharField(help_text="For people, in their language if we can.")
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
    discount = serializers.IntegerField()
    tax = serializers.IntegerField()
    due_now = serializers.IntegerField()
    credit = serializers.IntegerField(help_text="kept for the next charges")
    trial = TrialEffectSerializer(allow_null=True, help_text="null: there is none")
    next_charge = NextChargeSerializer()
    when = serializers.ChoiceField(choices=TIMES)
    when_choices = serializers.ListField(
        child=serializers.ChoiceField(choices=TIMES),
        help_text="a change to a smaller plan may wait for the end of what is paid",
    )
    effective_at = serializers.DateTimeField(
        allow_null=True, help_text="when the change is made; null: at once"
    )

    class Meta:
        money = ("due_now", "credit", "discount", "tax")


class SubscribedPlanSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class SubscribedPriceSerializer(serializers.Serializer[Any]):
    unit_amount = serializers.IntegerField()
    currency = serializers.CharField()
    interval = WordField(choices=PRICE_INTERVALS)
    interval_count = serializers.IntegerField(help_text="3 with `month`: every quarter")
    every = serializers.CharField(help_text="How often, for people.")
    quantity = serializers.IntegerField()

    class Meta:
        money = ("unit_amount",)


class ChargedItemSerializer(serializers.Serializer[Any]):
    """One of the things that are charged together."""

    name = serializers.CharField(allow_blank=True)
    is_plan = serializers.BooleanField()
    quantity = serializers.IntegerField(allow_null=True)
    amount = serializers.IntegerField(
        allow_null=True, help_text="of a period; null: the price alone doesn't tell"
    )
    currency = serializers.CharField()
    interval = WordField(choices=PRICE_INTERVALS)
    interval_count = serializers.IntegerField()
    every = serializers.CharField(help_text="How often, for people.")

    class Meta:
        money = ("amount",)


class ChargedSumSerializer(serializers.Serializer[Any]):
    """What all items cost that are paid equally often."""

    amount = serializers.IntegerField(allow_null=True, help_text="null: can't be told")
    currency = serializers.CharField()
    interval = WordField(choices=PRICE_INTERVALS)
    interval_count = serializers.IntegerField()
    every = serializers.CharField(help_text="How often, for people.")

    class Meta:
        money = ("amount",)


class PastDueSerializer(serializers.Serializer[Any]):
    since = serializers.DateTimeField()
    grace_ends_at = serializers.DateTimeField()


class PaymentProblemSerializer(serializers.Serializer[Any]):
    invoice = serializers.CharField()
    amount_due = serializers.IntegerField()
    currency = serializers.CharField()
    pay_url = serializers.URLField(allow_null=True, help_text="null: use the portal")
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(
        allow_null=True, help_text="null: charged by itself, and tried in vain"
    )

    class Meta:
        money = ("amount_due",)


class PendingChangeSerializer(serializers.Serializer[Any]):
    """A change that comes into force once its payment is confirmed; nothing has changed until then."""

    kind = serializers.ChoiceField(choices=[PLAN, RESUMPTION])
    plan = SubscribedPlanSerializer(allow_null=True, help_text="null: it stays")
    interval = serializers.ChoiceField(
        choices=Interval.choices, allow_null=True, help_text="null: it stays"
    )
    amount = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField()
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text="when it is dropped by itself, and nothing charged"
    )
    detail = serializers.CharField(help_text="For people.")

    class Meta:
        money = ("amount",)


class ScheduledChangeSerializer(serializers.Serializer[Any]):
    """A change that is made by itself when the paid period ends; `give_up_change` drops it if it may."""

    plan = SubscribedPlanSerializer(
        allow_null=True, help_text="null: arranged with us; see `detail`"
    )
    interval = serializers.ChoiceField(
        choices=Interval.choices, allow_null=True, help_text="null: arranged with us"
    )
    amount = serializers.IntegerField(allow_null=True, help_text="the plan's price from then on")
    currency = serializers.CharField()
    effective_at = serializers.DateTimeField()
    detail = serializers.CharField(help_text="For people.")

    class Meta:
        money = ("amount",)


class NextActionSerializer(serializers.Serializer[Any]):
    """What somebody has to do before a change comes into force."""

    type = serializers.ChoiceField(choices=[CONFIRM_PAYMENT])
    url = serializers.URLField(help_text="Send the browser there; it does not lead back by itself.")
    expires_at = serializers.DateTimeField(allow_null=True)


class UseSerializer(serializers.Serializer[Any]):
    limit = serializers.IntegerField(allow_null=True, help_text="null: unlimited")
    used = serializers.IntegerField(allow_null=True)


class LimitsInUseSerializer(serializers.Serializer[Any]):
    apartments = UseSerializer()


class ActionsSerializer(serializers.Serializer[Any]):
    change_plan = serializers.BooleanField()
    give_up_change = serializers.BooleanField()
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
    items = ChargedItemSerializer(many=True, help_text="all that is charged, the plan first")
    sums = ChargedSumSerializer(many=True, help_text="one for each interval; usually one")
    trial_end = serializers.DateTimeField(allow_null=True)
    current_period_start = serializers.DateTimeField(allow_null=True)
    current_period_end = serializers.DateTimeField(allow_null=True)
    next_charge = NextChargeSerializer(
        allow_null=True, help_text="null: nothing is charged, or `next_charge_known` is false"
    )
    next_charge_known = serializers.BooleanField(
        help_text="false: the payment provider could not be asked"
    )
    credit = serializers.IntegerField(help_text="what the next invoices are less by")
    credit_currency = serializers.CharField()
    ends_at = serializers.DateTimeField(allow_null=True)
    open_until = serializers.DateTimeField(
        allow_null=True, help_text="until when the workspace stays open if it is cancelled now"
    )
    data_kept_until = serializers.DateTimeField(allow_null=True)
    past_due = PastDueSerializer(allow_null=True)
    payment_problem = PaymentProblemSerializer(allow_null=True)
    pending_change = PendingChangeSerializer(
        allow_null=True, help_text="null: nothing waits for its payment"
    )
    scheduled_change = ScheduledChangeSerializer(
        allow_null=True, help_text="null: nothing waits for the end of the period"
    )
    next_action = NextActionSerializer(
        allow_null=True,
        help_text="null: nothing is to be done; else `pending_change` says for what",
    )
    notices = NoticeSerializer(many=True)
    limits = LimitsInUseSerializer()
    billing_contact = BillingContactSerializer(allow_null=True)
    actions = ActionsSerializer()

    class Meta:
        money = ("credit",)
        currency = "`credit_currency`"


class LeadOnSerializer(serializers.Serializer[Any]):
    """Where to send the browser."""

    url = serializers.URLField()


class BuyerSerializer(serializers.Serializer[Any]):
    """Whom a document is made out to, as it was when it was issued."""

    name = serializers.CharField(allow_blank=True)
    address = serializers.CharField(allow_blank=True)
    country = serializers.CharField(allow_blank=True, help_text="ISO 3166-1")
    tax_id = serializers.CharField(allow_blank=True, help_text="As VIES writes it")


class TaxSerializer(serializers.Serializer[Any]):
    amount = serializers.IntegerField()
    taxable = serializers.IntegerField(allow_null=True)
    rate = serializers.CharField(allow_null=True, help_text="Per cent, such as 24 or 5.5")
    name = serializers.CharField(allow_blank=True)
    country = serializers.CharField(allow_blank=True)
    jurisdiction = serializers.CharField(allow_blank=True)
    included = serializers.BooleanField(help_text="Whether the price held it")
    reason = serializers.CharField(
        allow_blank=True, help_text="Stripe's word, such as standard_rated or reverse_charge"
    )

    class Meta:
        money = ("amount", "taxable")
        currency = "the document's `currency`"


class DocumentLineSerializer(serializers.Serializer[Any]):
    description = serializers.CharField(allow_blank=True)
    quantity = serializers.IntegerField(allow_null=True)
    amount = serializers.IntegerField()

    class Meta:
        money = ("amount",)
        currency = "the document's `currency`"


class CreditNoteSerializer(serializers.ModelSerializer[CreditNote]):
    status = WordField(choices=CREDIT_NOTE_STATUSES)

    class Meta:
        model = CreditNote
        money = ("total", "tax", "net")
        fields = (
            "id", "number", "status", "reason", "issued_at", "total", "tax", "net", "currency",
            "pdf_url",
        )  # fmt: skip


class InvoiceSerializer(serializers.ModelSerializer[Invoice]):
    """An invoice with what was credited and given back of it: `documents.with_credits` adds those."""

    status = WordField(choices=INVOICE_STATUSES)
    amount_refunded = serializers.IntegerField(help_text="Money that went back to who paid")
    amount_credited = serializers.IntegerField(help_text="By credit notes that are not void")
    discount = serializers.IntegerField(help_text="What was taken off: `total` is without it")
    credit_notes = CreditNoteSerializer(many=True)
    buyer = BuyerSerializer()
    taxes = TaxSerializer(many=True)
    lines = DocumentLineSerializer(many=True)
    mark = serializers.CharField(
        allow_blank=True,
        help_text="The tax authority's number for it (myDATA's MARK), once it has one",
    )

    class Meta:
        model = Invoice
        money = (
            "amount_due", "amount_paid", "total", "tax", "net", "discount", "amount_refunded",
            "amount_credited",
        )  # fmt: skip
        fields = (
            "id", "number", "status", "amount_due", "amount_paid", "currency", "created_at",
            "hosted_url", "pdf_url", "issued_at", "total", "tax", "net", "discount",
            "reverse_charge", "buyer",
            "taxes", "lines", "amount_refunded", "amount_credited", "credit_notes", "mark",
        )  # fmt: skip


class CreditNoteLinkSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    number = serializers.CharField()
    pdf_url = serializers.CharField(allow_blank=True)


class InvoiceLinksSerializer(serializers.Serializer[Any]):
    """Where the documents are just now; those in the list of invoices end after a while."""

    hosted_url = serializers.CharField(allow_blank=True)
    pdf_url = serializers.CharField(allow_blank=True)
    credit_notes = CreditNoteLinkSerializer(many=True)


class InvoicePageSerializer(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = InvoiceSerializer(many=True)
