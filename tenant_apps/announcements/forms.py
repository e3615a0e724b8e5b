"""The form of an announcement."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from public_apps.core.forms import ActionForm, LocalMoment
from tenant_apps.announcements.models import Announcement


class AnnouncementForm(ActionForm):
    publish_at = forms.DateTimeField(
        label=_("Published from"),
        required=False,
        widget=LocalMoment(),
        help_text=_("Empty: at once."),
    )
    expires_at = forms.DateTimeField(
        label=_("Expires"), required=False, widget=LocalMoment(), help_text=_("Empty: never.")
    )

    class Meta:
        model = Announcement
        fields = ("title", "body", "building", "publish_at", "expires_at", "pinned")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        building = self.fields["building"]
        building.empty_label = _("All buildings")  # type: ignore[attr-defined]  # a ModelChoiceField
        building.help_text = ""

    def clean_publish_at(self) -> Any:
        """Take an empty moment for this one."""
        return self.cleaned_data["publish_at"] or timezone.now()
