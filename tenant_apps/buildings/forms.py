"""The forms of buildings, apartments, residents and imports."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from public_apps.accounts.models import User
from public_apps.core.forms import ActionForm
from tenant_apps.buildings import apartment_import
from tenant_apps.buildings.models import ALL_MILLS, Apartment, Building, Residency


class Day(forms.DateInput):
    """A day, by the browser's own picker."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class BuildingForm(ActionForm):
    class Meta:
        model = Building
        fields = ("name", "address", "vat_number", "notes")


class ApartmentForm(ActionForm):
    class Meta:
        model = Apartment
        fields = (
            "number", "floor", "area", "mills",
            "owner_name", "owner_email", "owner_phone",
            "tenant_name", "tenant_email", "tenant_phone",
        )  # fmt: skip


class ResidencyForm(ActionForm):
    class Meta:
        model = Residency
        fields = ("user", "kind", "starts_on", "ends_on")
        labels = {"starts_on": _("From"), "ends_on": _("To")}
        widgets = {"starts_on": Day(), "ends_on": Day()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user: Any = self.fields["user"]
        user.queryset = User.objects.filter(is_active=True).order_by("last_name", "email")
        user.label_from_instance = lambda person: f"{person.get_full_name()} · {person.email}"


class ResidencyDaysForm(ActionForm):
    class Meta:
        model = Residency
        fields = ("starts_on", "ends_on")
        labels = {"starts_on": _("From"), "ends_on": _("To")}
        widgets = {"starts_on": Day(), "ends_on": Day()}


class MillsForm(forms.Form):
    """The mills of all apartments of a building, side by side."""

    def __init__(self, *args: Any, apartments: list[Apartment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for apartment in apartments:
            self.fields[f"mills-{apartment.pk}"] = forms.IntegerField(
                label=apartment.number,
                min_value=0,
                max_value=ALL_MILLS,
                initial=apartment.mills,
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            )

    def clean(self) -> dict[str, Any]:
        """Return `{"mills": {id of the apartment: mills}}`."""
        said = super().clean() or {}
        return {"mills": {int(name.partition("-")[2]): value for name, value in said.items()}}


class ImportForm(forms.Form):
    content = forms.FileField(
        label=_("CSV file"),
        help_text=_("UTF-8 text, separated by commas or semicolons."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )

    def clean_content(self) -> str:
        """Return the text in the file."""
        file: UploadedFile[Any] = self.cleaned_data["content"]
        if (
            file.size or 0
        ) > 4 * apartment_import.MOST_CHARACTERS:  # no character takes more in UTF-8
            raise forms.ValidationError(_now("This file is too large."))
        try:
            return bytes(file.read()).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise forms.ValidationError(_now("Save this file as UTF-8 first.")) from error
