"""What staff are asked before something is done by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminEmailInputWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from billing import manual_mode
from billing.models import Plan
from public_apps.core.email_addresses import AddressFormField
from public_apps.onboarding.signup import TYPED, column_of


def text(label: Any, *, most: int, required: bool = True, **kwargs: Any) -> forms.CharField:
    """Return a line of text."""
    return forms.CharField(
        label=label, max_length=most, required=required, widget=UnfoldAdminTextInputWidget, **kwargs
    )


def amount(
    *, required: bool = True, label: Any = None, help_text: Any = None
) -> forms.DecimalField:
    """Return a sum of money as people write it; `minor` makes an integer of it."""
    return forms.DecimalField(
        label=label or _("amount"),
        min_value=0,
        max_digits=12,
        decimal_places=2,
        required=required,
        help_text=help_text or _("such as 49.00"),
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "0.01"}),
    )


def tax() -> forms.DecimalField:
    """Return the part of an amount that is tax; empty where nobody tells it."""
    told = _("empty: the document tells of none")
    return amount(required=False, label=_("VAT in it"), help_text=told)


def day(label: Any, *, required: bool = True, **kwargs: Any) -> forms.DateField:
    """Return a day that still counts in full; `cleaned_data` holds the midnight that ends it."""
    widget = UnfoldAdminTextInputWidget(attrs={"type": "date"})
    return WholeDay(label=label, required=required, widget=widget, **kwargs)


class WholeDay(forms.DateField):
    """A date whose value is the moment at which it is over."""

    def clean(self, value: Any) -> Any:
        """Return the end of the day, or None."""
        date = super().clean(value)
        return manual_mode.end_of(date) if date else None


def minor(value: Decimal) -> int:
    """Return an amount in integer minor units; exact, for the form allows two decimals."""
    return int(value.scaleb(2))


def minor_or_none(value: Decimal | None) -> int | None:
    """Return an amount that may be left out in minor units."""
    return None if value is None else minor(value)


class Confirm(forms.Form):
    """Nothing but the button."""


class Reason(forms.Form):
    """Why; of a suspension the owner reads it, too."""

    reason = text(_("reason"), most=200)


class LabelForm(forms.Form):
    """Another subdomain."""

    label = text(_("subdomain"), most=40)


class InTheirName(forms.Form):
    """In whose name support works, and why; the owner reads the reason."""

    person_email = AddressFormField(
        label=_("in whose name"),
        widget=UnfoldAdminEmailInputWidget,
        help_text=_("an e-mail address"),
    )
    reason = text(_("reason"), most=200, help_text=_("such as the number of the request"))


class PaymentForm(forms.Form):
    """A payment that came outside of Stripe."""

    amount = amount()
    tax = tax()
    reference = text(_("reference"), most=200, help_text=_("of the transfer or receipt"))
    paid_until = day(_("paid until"))


class MonthForm(forms.Form):
    """Which month's documents, and as what."""

    month = forms.CharField(
        label=_("month"),
        max_length=7,
        help_text=_("such as 2026-10"),
        widget=UnfoldAdminTextInputWidget(attrs={"type": "month"}),
    )
    format = forms.ChoiceField(
        label=_("as"),
        choices=[("csv", "CSV"), ("xlsx", "Excel (xlsx)")],
        widget=UnfoldAdminSelectWidget,
    )


class CorrectionForm(PaymentForm):
    """What was kept of a payment after all, and until when it pays."""

    paid_until = day(_("paid until"), required=False, help_text=_("empty: it pays for nothing"))


class CustomerForm(forms.Form):
    """A customer at Stripe."""

    customer_id = text(_("customer"), most=255, help_text="cus_…")


# In the order of the sign-up form; the plan stands further below.
OPENED_WITH = tuple(name for name in TYPED if name not in {"plan", "interval"})


def _typed(name: str) -> forms.CharField:
    column = column_of(name)
    return text(column.label, most=column.max_length, required=column.required)


class WorkspaceForm(forms.Form):
    """A workspace that staff open for somebody: who owns it, and how it is called."""

    email = AddressFormField(label=_("owner's e-mail"), widget=UnfoldAdminEmailInputWidget)
    language = forms.ChoiceField(
        label=_("language"),
        choices=[
            (code, get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES
        ],
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = {name: self.fields.get(name) or _typed(name) for name in OPENED_WITH}
        self.fields = {**asked, **self.fields}

    def clean_subdomain(self) -> str:
        """Return the name in lower case, as hosts are."""
        return str(self.cleaned_data["subdomain"]).lower()


class OpeningForm(WorkspaceForm):
    """A workspace that nobody bought online; a payment may be recorded with it."""

    plan = forms.ModelChoiceField(
        label=_("plan"),
        queryset=Plan.objects.all(),
        to_field_name="code",
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    amount = amount(required=False)
    reference = text(_("reference"), most=200, required=False)
    paid_until = day(
        _("paid until"), required=False, help_text=_("empty: open until you suspend it")
    )

    def clean(self) -> dict[str, Any]:
        """Ask for all of a payment, or for none of it."""
        cleaned = super().clean() or {}
        if (cleaned.get("amount") or cleaned.get("reference")) and not cleaned.get("paid_until"):
            self.add_error("paid_until", _("A payment needs a day until which it pays."))
        return cleaned
