"""The forms about members and invitations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from public_apps.accounts.members import actions
from public_apps.accounts.models import Invitation, Role, User
from public_apps.core.forms import ActionForm


def roles_for(by: User, *, present: str = "") -> list[tuple[str, Any]]:
    """Return the roles that somebody may give, and the one that is there already."""
    return [
        (role.value, role.label)
        for role in Role
        if role == present or actions.may_give(by=by, role=role)
    ]


class MemberForm(ActionForm):
    role = forms.ChoiceField(label=_("Role"))

    class Meta:
        model = User
        fields = ("first_name", "last_name")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["role"]
        choice.choices = roles_for(by, present=self.instance.role)  # type: ignore[attr-defined]
        choice.initial = self.instance.role


class InviteForm(ActionForm):
    role = forms.ChoiceField(label=_("Role"))
    language = forms.ChoiceField(label=_("Language of the mail"), choices=settings.LANGUAGES)

    class Meta:
        model = Invitation
        fields = ("email", "first_name", "last_name")

    def __init__(self, *args: Any, by: User, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = self.fields["role"]
        roles.choices = roles_for(by)  # type: ignore[attr-defined]
        roles.initial = Role.RESIDENT
        self.fields["language"].initial = language


class NarrowForm(forms.Form):
    search = forms.CharField(label=_("Name or e-mail"), max_length=80, required=False)
    role = forms.ChoiceField(
        label=_("Role"), required=False, choices=[("", _("All")), *Role.choices]
    )

    def narrowed(self, people: QuerySet[User]) -> QuerySet[User]:
        """Return those whom the form asks for; all while it asks for nothing that can be."""
        if not self.is_valid():
            return people
        search, role = self.cleaned_data["search"], self.cleaned_data["role"]
        if role:
            people = people.filter(role=role)
        return people.filter(
            Q(first_name__icontains=search)
            | Q(last_name__icontains=search)
            | Q(email__icontains=search)
        )
