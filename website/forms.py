"""The sign-up form: its rules are the API's own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.models import Interval
from billing.serializers import OrderSerializer, TypedOrderSerializer
from public_apps.core.email_addresses import AddressFormField


class SignupForm(forms.Form):
    """Collects an order; `order` holds it once the form is valid."""

    organization = forms.CharField(
        label=_("Name of your organisation"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    subdomain = forms.CharField(
        label=_("Address of your workspace"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    email = AddressFormField(
        label=_("Your e-mail"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    first_name = forms.CharField(
        label=_("First name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label=_("Last name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    plan = forms.ChoiceField(label=_("Plan"), widget=forms.RadioSelect)
    interval = forms.ChoiceField(
        label=_("Billing"), choices=Interval.choices, widget=forms.RadioSelect
    )
    idempotency_key = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)
    signup = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    def __init__(self, *args: Any, plans: list[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["plan"].choices = [  # type: ignore[attr-defined]  # it is a ChoiceField
            (plan["code"], plan["name"]) for plan in plans
        ]
        self.order: dict[str, Any] = {}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        order = OrderSerializer(data={name: cleaned.get(name, "") for name in ORDER_FIELDS})
        if order.is_valid():
            self.order = dict(order.validated_data)
        for field, messages in order.errors.items():
            if field not in self.errors:
                self.add_error(field, [str(message) for message in messages])
        return cleaned


ORDER_FIELDS = tuple(TypedOrderSerializer().fields)
