"""The shapes of the public billing API."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from billing import tax_ids
from billing.models import Interval
from public_apps.core import origins
from public_apps.core.names import check_shown
from public_apps.core.rest.email_fields import AddressField
from public_apps.core.rest.openapi import ProblemSerializer
from public_apps.onboarding import progress
from public_apps.onboarding.models import Stage
from public_apps.onboarding.signup import TYPED, column_of
from public_apps.tenants import domains

FORBIDDEN_IN_NAMES = re.compile(r"[<>\x00-\x1f\x7f]|https?://|www\.", re.IGNORECASE)


class PlainTextField(serializers.CharField):
    """A name of people or organisations: no markup and no links, which mails would carry further."""

    def to_internal_value(self, data: Any) -> str:
        text = unicodedata.normalize("NFC", super().to_internal_value(data))
        if FORBIDDEN_IN_NAMES.search(text):
            raise serializers.ValidationError(_("Leave out links, < and >."))
        return text


class SubdomainField(serializers.CharField):
    """A label that may become a tenant's host."""

    def to_internal_value(self, data: Any) -> str:
        label = super().to_internal_value(data).lower()
        try:
            domains.check_label(label)
        except domains.NotALabel as refusal:
            raise serializers.ValidationError(str(refusal)) from refusal
        return label


class FrontendUrlField(serializers.CharField):
    """The origin of a site of ours: where somebody comes from, and is led back to."""

    default_error_messages = {
        "not_allowed": _("Give the origin of a site that we know, such as https://example.com.")
    }

    def __init__(self, **kwargs: Any) -> None:
        told = (
            "Origin of the site to lead back to, without a path: one of CORS_ALLOWED_ORIGINS, "
            "wildcards too. Left out: the calling site's own `Origin`, or FRONTEND_URL."
        )
        defaults = {"required": False, "allow_blank": True, "max_length": 200, "help_text": told}
        super().__init__(**{**defaults, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        origin = super().to_internal_value(data).lower().removesuffix("/")
        if origin and not origins.allowed(origin):
            self.fail("not_allowed")
        return origin


class TaxIdField(serializers.CharField):
    """A Greek tax number or one of another country of the EU, kept as VIES writes it."""

    def __init__(self, **kwargs: Any) -> None:
        told = (
            "VAT number of a business: a Greek ΑΦΜ (nine digits, with or without EL), or one of another "
            "country of the EU with its two letters. Kept as VIES writes it: EL094014201."
        )
        defaults = {"required": False, "allow_blank": True, "help_text": told}
        super().__init__(**{**defaults, "max_length": tax_ids.LENGTH, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        try:
            return tax_ids.read(super().to_internal_value(data))
        except ValidationError as refusal:
            raise serializers.ValidationError(refusal.messages, code=refusal.code) from refusal


# What a buyer types, each field as long as we keep it; what has no kind of its own here is a text.
class OrderSerializer(serializers.Serializer[Any]):
    subdomain = SubdomainField(max_length=40)
    email = AddressField(max_length=254)
    plan = serializers.SlugField(max_length=40)
    interval = serializers.ChoiceField(choices=Interval.choices)
    tax_id = TaxIdField()
    frontend_url = FrontendUrlField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the fields in the form's own order."""
        declared = super().get_fields()
        typed = {name: declared.get(name) or PlainTextField(**_kept_as(name)) for name in TYPED}
        return {**typed, **declared}


def _kept_as(name: str) -> dict[str, Any]:
    column = column_of(name)
    limits: dict[str, Any] = {"max_length": column.max_length}
    if column.is_name:
        limits["validators"] = [check_shown]
    return limits if column.required else {**limits, "required": False, "allow_blank": True}


class CheckoutStartedSerializer(serializers.Serializer[Any]):
    signup_id = serializers.UUIDField()
    session_id = serializers.CharField()
    checkout_url = serializers.URLField()
    status_url = serializers.URLField()
    trial_days = serializers.IntegerField(
        help_text="Days that are free. None if the buyer has had a trial before: it is charged now."
    )


class TypedOrderSerializer(serializers.Serializer[Any]):
    """What a buyer has typed."""

    email = serializers.EmailField()
    interval = serializers.ChoiceField(choices=Interval.choices)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the fields in the form's own order."""
        declared = super().get_fields()
        return {name: declared.get(name) or serializers.CharField() for name in TYPED}


class SignupSerializer(serializers.Serializer[Any]):
    """A sign-up, to whoever holds its id; who the buyer is only as long as it can be changed."""

    signup_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Stage.choices)
    order = TypedOrderSerializer(
        allow_null=True,
        help_text="What was typed; null once it is paid, given up, or a day old: then it can't be "
        "changed any more.",
    )
    session_id = serializers.CharField(
        allow_null=True, help_text="The checkout session at present; a change brings another."
    )
    checkout_url = serializers.URLField(
        allow_null=True, help_text="Stripe's payment page; null when there is nothing to pay there."
    )
    status_url = serializers.URLField(
        allow_null=True, help_text="Tells how far the way to the workspace has come."
    )
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text="Until when the name is held and the payment page is open."
    )


class ConflictSerializer(ProblemSerializer):
    """Somebody has the name, or the payment was quicker: then `type` ends in `already-paid`."""

    status_url = serializers.URLField(
        required=False, help_text="With `already-paid`: tells how far the workspace is."
    )


class WelcomeMailSerializer(serializers.Serializer[Any]):
    """The same answer whether or not a mail is sent."""

    detail = serializers.CharField(help_text="For people.")


class StepSerializer(serializers.Serializer[Any]):
    name = serializers.ChoiceField(choices=progress.STEPS)
    done_at = serializers.DateTimeField(allow_null=True)


class ProgressSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Stage.choices)
    steps = StepSerializer(many=True)
    workspace_url = serializers.URLField(allow_null=True)


class AvailabilitySerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name
    available = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)


class PriceSerializer(serializers.Serializer[Any]):
    interval = serializers.ChoiceField(choices=Interval.choices)
    unit_amount = serializers.IntegerField()
    currency = serializers.CharField()
    tax_behavior = serializers.ChoiceField(
        choices=["inclusive", "exclusive"],
        help_text="Whether the amount holds VAT, or VAT is added to it at the payment page.",
    )

    class Meta:
        money = ("unit_amount",)


class LimitsSerializer(serializers.Serializer[Any]):
    apartments = serializers.IntegerField(allow_null=True, help_text="null: unlimited")


class PlanSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    trial_days = serializers.IntegerField()
    limits = LimitsSerializer()
    prices = PriceSerializer(many=True)


class ConfigSerializer(serializers.Serializer[Any]):
    publishable_key = serializers.CharField()
    currency = serializers.CharField()
    mode = serializers.ChoiceField(choices=["live", "test", "mock", "manual"])
