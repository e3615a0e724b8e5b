"""The forms of a request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from public_apps.accounts.models import User
from public_apps.accounts.permissions import Scope
from public_apps.core.forms import ActionForm
from tenant_apps.buildings import queries as buildings
from tenant_apps.buildings.models import Apartment, Building
from tenant_apps.requests import queries
from tenant_apps.requests.models import Category, Priority, ServiceRequest, Status


class ApartmentChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """An apartment with the name of its building: numbers repeat."""

    def label_from_instance(self, apartment: Apartment) -> str:
        return f"{apartment.building.name} · {apartment.number}"


class RequestForm(ActionForm):
    apartment = ApartmentChoice(
        queryset=Apartment.objects.none(),
        label=_("Apartment"),
        required=False,
        empty_label=_("What all share"),
    )

    class Meta:
        model = ServiceRequest
        fields = ("title", "description", "building", "apartment", "category", "priority")

    def __init__(self, *args: Any, user: User, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = scope is Scope.OWN
        houses: QuerySet[Building] = buildings.buildings_of(user) if own else Building.objects.all()
        flats = buildings.apartments_of(user) if own else Apartment.objects.all()
        flats = flats.select_related("building").order_by("building__name", "number")
        self._offer("building", houses.order_by("name"))
        self._offer("apartment", flats)
        if houses.count() == 1:
            self.fields["building"].initial = houses.get()

    def _offer(self, field: str, rows: QuerySet[Any]) -> None:
        self.fields[field].queryset = rows  # type: ignore[attr-defined]  # a ModelChoiceField


class MoveForm(forms.Form):
    to = forms.ChoiceField(label=_("New status"))
    note = forms.CharField(label=_("Note"), max_length=1000, required=False)

    def __init__(self, *args: Any, following: Iterable[Status], **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "move_%s", **kwargs})
        choices = [(status.value, status.label) for status in following]
        self.fields["to"].choices = choices  # type: ignore[attr-defined]  # it is a ChoiceField


class PersonChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """Somebody of the desk, by name."""

    def label_from_instance(self, person: User) -> str:
        return person.get_full_name()


class AssignForm(forms.Form):
    to = PersonChoice(
        queryset=queries.desk(), label=_("Looked after by"), required=False, empty_label=_("Nobody")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "assign_%s", **kwargs})


class CommentForm(forms.Form):
    body = forms.CharField(
        label=_("Comment"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )
    internal = forms.BooleanField(
        label=_("Only for those who look after the building"), required=False
    )

    def __init__(self, *args: Any, desk: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not desk:
            del self.fields["internal"]


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File"), help_text=_("PDF, image, document, table or text, at most 10 MiB")
    )


class NarrowForm(forms.Form):
    """How the list is narrowed: by query, so that a link to it can be kept."""

    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("Under way")), *Status.choices]
    )
    category = forms.ChoiceField(
        label=_("Category"), required=False, choices=[("", _("All")), *Category.choices]
    )
    priority = forms.ChoiceField(
        label=_("Priority"), required=False, choices=[("", _("All")), *Priority.choices]
    )

    def narrowed(self, rows: QuerySet[ServiceRequest]) -> QuerySet[ServiceRequest]:
        """Return the rows asked for; a query that makes no sense narrows nothing."""
        asked = self.cleaned_data if self.is_valid() else {}
        for field in ("category", "priority", "status"):
            if asked.get(field):
                rows = rows.filter(**{field: asked[field]})
        return rows if asked.get("status") else queries.under_way(rows)
