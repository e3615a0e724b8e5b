"""The forms of months, expenses, payments and corrections; people type euros, we keep cents."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from public_apps.core.forms import ActionForm
from tenant_apps.buildings.forms import Day
from tenant_apps.buildings.models import Apartment, Building, Party
from tenant_apps.finances.models import Expense, Method, Payment, Sharing
from tenant_apps.finances.models.months import MOST_CENTS


class EurosField(forms.DecimalField):
    """Euros with a point or a comma, read as whole cents."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(decimal_places=2, widget=widget, **kwargs)

    def to_python(self, value: Any) -> Any:
        """Take 1234,50 and 1.234,50 as people of the continent write them."""
        if isinstance(value, str) and "," in value:
            value = value.replace(".", "").replace(",", ".")
        return super().to_python(value)

    def clean(self, value: Any) -> Any:
        """Return cents."""
        euros: Decimal | None = super().clean(value)
        return None if euros is None else int(euros * 100)

    def prepare_value(self, value: Any) -> Any:
        """Show cents as euros; what was typed stays as it was typed."""
        return Decimal(value).scaleb(-2) if isinstance(value, int) else value


class MonthInput(forms.DateInput):
    """A month, by the browser's own picker where it has one."""

    input_type = "month"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m", attrs={"pattern": "[0-9]{4}-[0-9]{2}"})


class MonthForm(forms.Form):
    month = forms.DateField(label=_("Month"), widget=MonthInput(), input_formats=["%Y-%m"])


class ExpenseForm(ActionForm):
    amount = EurosField(
        label=_("Amount in euros"), min_value=Decimal("0.01"), max_value=Decimal(MOST_CENTS) / 100
    )
    chosen = forms.ModelMultipleChoiceField(
        label=_("Chosen apartments"),
        queryset=Apartment.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple(),
    )
    file = forms.FileField(label=_("Attachment"), required=False)

    class Meta:
        model = Expense
        fields = ("category", "description", "amount", "spent_on", "sharing", "paid_by", "chosen")
        widgets = {"spent_on": Day()}

    def __init__(self, *args: Any, building: Building, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        apartments: Any = self.fields["chosen"]
        apartments.queryset = building.apartments.order_by("floor", "number")
        self.fields["amount"].help_text = ""
        self.fields["file"].help_text = _("a bill as PDF or picture")
        if self.instance.pk:
            del self.fields["file"]

    def clean(self) -> dict[str, Any]:
        """Leave the choice of apartments out where it means nothing."""
        said = super().clean() or {}
        if said.get("sharing") != Sharing.CHOSEN:
            said["chosen"] = []
        elif not said.get("chosen"):
            self.add_error("chosen", _now("Choose at least one apartment."))
        return said


class PaymentForm(ActionForm):
    amount = EurosField(
        label=_("Amount in euros"), min_value=Decimal("0.01"), max_value=Decimal(MOST_CENTS) / 100
    )
    method = forms.ChoiceField(
        label=_("Method"),
        choices=[choice for choice in Method.choices if choice[0] != Method.CREDIT_NOTE],
    )
    party = forms.ChoiceField(label=_("On behalf of"), choices=Party.choices)

    class Meta:
        model = Payment
        fields = ("party", "amount", "method", "paid_on", "reference", "note")
        widgets = {"paid_on": Day()}


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200)


class CorrectionForm(forms.Form):
    amount = EurosField(
        label=_("Correction in euros"),
        min_value=-Decimal(MOST_CENTS) / 100,
        max_value=Decimal(MOST_CENTS) / 100,
        help_text=_("with a minus it lowers the charge"),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)
