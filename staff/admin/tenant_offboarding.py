"""What staff may do about a tenant's leaving: begin it, put it off, undo it, and bring it back."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import archiving
from public_apps.core import clock, errors
from public_apps.tenants.models import Tenant
from public_apps.tenants.offboarding import departures, reactivation
from staff import forms
from staff.admin.confirmation import AdminAction, question
from staff.admin.tenant_actions import AskingAboutTenants, who


class ArchiveForm(forms.Reason):
    """Whether its schema goes, too."""

    drop = django_forms.BooleanField(
        label=gettext_lazy("Then store it, and drop its schema"), required=False
    )


class PutOffForm(forms.Reason):
    """Until when it stays."""

    until = forms.day(gettext_lazy("not before the end of"))


class RevivalForm(forms.Reason):
    """What it is called, where its own name is lost."""

    label = forms.text(
        gettext_lazy("subdomain"),
        most=40,
        required=False,
        help_text=gettext_lazy("only where its addresses were freed already"),
    )


class ErasureForm(forms.Reason):
    """Its name, to be sure."""

    name = forms.text(
        gettext_lazy("name of the workspace"),
        most=120,
        help_text=gettext_lazy("Type it as it stands above, to be sure."),
    )


class DeedsOnDeparture(AskingAboutTenants):
    """Archived, kept after all, brought back, or erased."""

    @question(name=gettext_lazy("Archive"), at="archive", permission="archive")
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End the subscription, close the door, and drop the schema if that is wished."""
        tenant = get_object_or_404(Tenant, pk=object_id)

        def act(answers: dict[str, Any]) -> AdminAction:
            drop: bool = answers["drop"]
            try:
                archiving.archive(tenant=tenant, by=who(request))
            except archiving.NotArchived as refusal:
                raise errors.UpstreamFailed(str(refusal)) from refusal
            if drop:
                now = clock.now()
                departures.plan_archive(tenant=tenant, begins_at=now, by=who(request))
            said = _("Archived; a worker stores and drops it.") if drop else _("Archived.")
            detail = {"reason": answers["reason"], "drop": drop}
            return AdminAction(said=said, to=tenant, action="tenant.archived", detail=detail)

        explanation = _(
            "Its subscription is cancelled at Stripe first, and nobody gets in. The data is kept: in"
            " its schema, or (if you say so) in the store for archives alone."
        )
        return self.ask(request, tenant, _("Archive"), ArchiveForm, act, explanation)

    @question(name=gettext_lazy("Put the archive off"), at="put-off", permission="act")
    def put_off_archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let a suspended workspace stay for longer than it is planned."""
        tenant = get_object_or_404(Tenant, pk=object_id)

        def act(answers: dict[str, Any]) -> AdminAction:
            planned = departures.put_off(tenant=tenant, until=answers["until"], by=who(request))
            day = date_format(timezone.localtime(planned.begins_at))
            detail = {"reason": answers["reason"], "until": planned.begins_at.isoformat()}
            said = _("It is archived no earlier than %s.") % day
            return AdminAction(said=said, to=tenant, action="tenant.archive_put_off", detail=detail)

        explanation = _("Its owner gets a mail about the new day, and another one a week before.")
        title = _("Put the archive off")
        return self.ask(request, tenant, title, PutOffForm, act, explanation)

    @question(name=gettext_lazy("Keep"), at="keep", permission="act")
    def keep(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Undo an archive or an erasure while the schema is there."""
        tenant = get_object_or_404(Tenant, pk=object_id)

        def act(answers: dict[str, Any]) -> AdminAction:
            departures.undo(tenant=tenant, by=who(request))
            tenant.refresh_from_db()
            said = _("It stays; it is now: %s") % tenant.status.label
            detail = {"reason": answers["reason"], "status": tenant.status.value}
            return AdminAction(said=said, to=tenant, action="tenant.kept", detail=detail)

        explanation = _(
            "Its archive or its deletion is called off. The subscription stays ended: its owner"
            " chooses a plan again."
        )
        return self.ask(request, tenant, _("Keep"), forms.Reason, act, explanation)

    @question(name=gettext_lazy("Bring back"), at="bring-back", permission="archive")
    def bring_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have a worker rebuild an archived workspace from what is stored of it."""
        tenant = get_object_or_404(Tenant, pk=object_id)

        def act(answers: dict[str, Any]) -> AdminAction:
            label = answers["label"].lower()
            reactivation.request_reactivation(tenant=tenant, label=label, by=who(request))
            said = _("A worker brings it back; how that went is in the audit log below.")
            detail = {"reason": answers["reason"], "subdomain": label}
            return AdminAction(said=said, to=tenant, action="tenant.revival_asked", detail=detail)

        explanation = _(
            "For a workspace whose schema is dropped: everything is as it was when it left, in a new"
            " schema, but for its subscription and who was signed in."
        )
        return self.ask(request, tenant, _("Bring back"), RevivalForm, act, explanation)

    @question(name=gettext_lazy("Erase"), at="erase", permission="archive", decisive=True)
    def erase(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Suspend a workspace now, and erase all of it in a week."""
        tenant = get_object_or_404(Tenant, pk=object_id)

        def act(answers: dict[str, Any]) -> AdminAction:
            if answers["name"].strip() != tenant.name:
                wrong = _("This is not the name of the workspace.")
                raise errors.Invalid(wrong, errors={"name": [wrong]})
            departure = departures.request_erasure(tenant=tenant, by=who(request))
            day = date_format(timezone.localtime(departure.begins_at))
            detail = {"reason": answers["reason"], "begins_at": departure.begins_at.isoformat()}
            said = _("Suspended; it is erased on %s.") % day
            return AdminAction(said=said, to=tenant, action="tenant.deletion_asked", detail=detail)

        days = departures.UNDO_FOR.days
        explanation = _(
            "It is suspended and its subscription ended at once. In %d days everything about its"
            " people is destroyed, archives and backups included; until then “Keep” undoes it."
        )
        return self.ask(request, tenant, _("Erase"), ErasureForm, act, explanation % days)
