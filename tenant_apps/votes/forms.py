"""The forms of a vote."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from public_apps.core.forms import ActionForm, LocalMoment
from tenant_apps.buildings.models import Apartment
from tenant_apps.votes.models import Choice, Vote


class VoteForm(ActionForm):
    choices = forms.CharField(
        label=_("Answers"),
        help_text=_("One on each line, two to twenty."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    opens_at = forms.DateTimeField(
        label=_("Opens"), required=False, widget=LocalMoment(), help_text=_("Empty: at once.")
    )
    closes_at = forms.DateTimeField(label=_("Closes"), widget=LocalMoment())

    class Meta:
        model = Vote
        fields = (
            "title", "description", "building", "weighting", "quorum_percent", "opens_at",
            "closes_at",
        )  # fmt: skip

    field_order = ("title", "description", "choices")

    def clean_opens_at(self) -> Any:
        """Take an empty moment for this one."""
        return self.cleaned_data["opens_at"] or timezone.now()

    def clean_choices(self) -> list[str]:
        """Return one answer for each line that says something."""
        lines = (line.strip() for line in self.cleaned_data["choices"].splitlines())
        return [line for line in lines if line]


class BallotForm(forms.Form):
    """An apartment's answer: hidden which apartment, chosen which answer."""

    apartment = forms.IntegerField(widget=forms.HiddenInput)
    choice = forms.TypedChoiceField(label=_("Answer"), coerce=int, widget=forms.RadioSelect)

    def __init__(self, *args: Any, offered: list[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(choice.pk, choice.text) for choice in offered]
        self.fields["choice"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField


class PaperForm(BallotForm):
    """A ballot that was handed in on paper, for any apartment of the building."""

    apartment = forms.TypedChoiceField(label=_("Apartment"), coerce=int)  # type: ignore[assignment]
    choice = forms.TypedChoiceField(label=_("Answer"), coerce=int)

    def __init__(self, *args: Any, flats: list[Apartment], **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "paper_%s", **kwargs})
        choices = [(flat.pk, flat.number) for flat in flats]
        self.fields["apartment"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField
