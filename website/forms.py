"""The sign-up form: its rules are the API's own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from billing.models import Interval
from billing.serializers import OrderSerializer
from public_apps.core.email_addresses import AddressFormField
from public_apps.core.names import check_shown
from public_apps.onboarding.signup import TYPED, column_of

LABELS = {
    "organization": _("Name of your organisation"),
    "subdomain": _("Address of your workspace"),
    "email": _("Your e-mail"),
    "first_name": _("First name"),
    "last_name": _("Last name"),
}
# https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#autofill
HINTS: dict[str, dict[str, str]] = {
    "organization": {"autocomplete": "organization"},
    "subdomain": {"autocapitalize": "none", "spellcheck": "false"},
    "email": {"autocomplete": "email"},
    "first_name": {"autocomplete": "given-name"},
    "last_name": {"autocomplete": "family-name"},
    "tax_id": {"autocapitalize": "characters", "spellcheck": "false"},
}
HELP = {
    "tax_id": _(
        "Only for businesses: your ΑΦΜ, or the VAT number of another EU country with its letters."
    ),
}


class SignupForm(forms.Form):
    """Collects an order; `order` holds it once the form is valid."""

    plan = forms.ChoiceField(label=_("Plan"), widget=forms.RadioSelect)
    interval = forms.ChoiceField(
        label=_("Billing"), choices=Interval.choices, widget=forms.RadioSelect
    )
    idempotency_key = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)
    signup = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    def __init__(self, *args: Any, plans: list[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        typed = {name: self.fields.get(name) or _asking_for(name) for name in TYPED}
        self.fields = {**typed, **self.fields}
        self.fields["plan"].choices = [  # type: ignore[attr-defined]  # it is a ChoiceField
            (plan["code"], plan["name"]) for plan in plans
        ]
        self.order: dict[str, Any] = {}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        order = OrderSerializer(data={name: cleaned.get(name, "") for name in TYPED})
        if order.is_valid():
            self.order = dict(order.validated_data)
        for field, messages in order.errors.items():
            if field not in self.errors:
                self.add_error(field, [str(message) for message in messages])
        return cleaned

    @property
    def others(self) -> list[forms.BoundField]:
        """Return the fields that have no place of their own on the page."""
        return [self[name] for name in TYPED if name not in PLACED]


# Where the page itself says how they look.
PLACED = frozenset({*LABELS, "plan", "interval"})


def _asking_for(name: str) -> forms.Field:
    """Return a field for what is typed; its rules are the serializer's."""
    column = column_of(name)
    label = LABELS.get(name) or capfirst(column.label)
    if name == "email":
        return AddressFormField(label=label, widget=forms.EmailInput(attrs=HINTS[name]))
    return forms.CharField(
        label=label,
        max_length=column.max_length,
        required=column.required,
        validators=[check_shown] if column.is_name else [],
        help_text=HELP.get(name, ""),
        widget=forms.TextInput(attrs=HINTS.get(name, {})),
    )
