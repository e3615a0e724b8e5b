"""Our staff: who they are, what they may, in whose name they worked, and what they did."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from public_apps.accounts.models import User
from public_apps.audit.models import Entry
from public_apps.core import email_addresses
from staff import forms, invitations, notices, second_factor
from staff.admin.audited import AuditedAdmin
from staff.admin.confirmation import AdminAction, Question, ask, question, staff_of
from staff.admin.read_only import RecordAdmin
from staff.impersonation import start
from staff.models import Impersonation
from staff.notices import Occasion
from staff.site import site


@admin.register(User, site=site)
class StaffUserAdmin(AuditedAdmin):
    """Our staff; people of tenants are in their tenants' schemas, out of sight."""

    list_display = ("email", "first_name", "last_name", "is_active", "is_staff", "last_login")
    search_fields = ("email", "first_name", "last_name")
    list_filter = ("is_active", "groups")
    fields = ("email", "first_name", "last_name", "is_active", "is_staff", "groups", "last_login")
    filter_horizontal = ("groups",)
    readonly_fields = ("last_login",)
    actions_detail = ("send_link", "reset_second_factor")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save; somebody new gets a link to choose a password, a new address is told at both."""
        if not change:
            obj.set_unusable_password()
        before = User.objects.get(pk=obj.pk).email if change else ""
        super().save_model(request, obj, form, change)
        if not change:
            invitations.enqueue(obj)
        elif not email_addresses.same(before, obj.email):
            notices.enqueue(Occasion.ADDRESS, colleague=obj, by=staff_of(request), also_to=before)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody is deleted: what they did would lose its name. They are made inactive."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only who may do everything changes those who may."""
        may: bool = super().has_change_permission(request, obj)
        # Unfold asks with the row's id alone: the deeds below ask again with the row.
        above = isinstance(obj, User) and obj.is_superuser and not staff_of(request).is_superuser
        return may and not above

    def has_reset_second_factor_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether this person may let a colleague enrol anew."""
        return request.user.has_perm("staff.reset_second_factor")

    @question(name=gettext_lazy("Send a link for a password"), at="send-link", permission="change")
    def send_link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Promise a colleague a mail with a link for a new password."""
        colleague = get_object_or_404(User, pk=object_id)
        if not self.has_change_permission(request, colleague):
            raise PermissionDenied

        def act(answers: dict[str, Any]) -> AdminAction:
            invitations.enqueue(colleague)
            notices.enqueue(Occasion.PASSWORD_LINK, colleague=colleague, by=staff_of(request))
            said = _("The link is on its way to %s.") % colleague
            return AdminAction(said=said, to=colleague, action="staff.link_sent")

        asked = Question(
            title=_("Send a link for a password"),
            button=_("Send a link for a password"),
            about=str(colleague),
            form=forms.Confirm,
            act=act,
            explanation=_("It goes to the colleague's own address, and works once."),
        )
        return ask(request, asked, admin=self)

    @question(
        name=gettext_lazy("Reset the second factor"),
        at="reset-second-factor",
        permission="reset_second_factor",
    )
    def reset_second_factor(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Forget a colleague's app and recovery codes."""
        colleague = get_object_or_404(User, pk=object_id)
        if colleague.is_superuser and not staff_of(request).is_superuser:
            raise PermissionDenied

        def act(answers: dict[str, Any]) -> AdminAction:
            second_factor.reset(colleague=colleague)
            notices.enqueue(Occasion.SECOND_FACTOR, colleague=colleague, by=staff_of(request))
            said = _("%s enrols anew at the next sign-in.") % colleague
            return AdminAction(said=said, to=colleague, action="staff.second_factor_reset")

        asked = Question(
            title=_("Reset the second factor"),
            button=_("Reset the second factor"),
            about=str(colleague),
            form=forms.Confirm,
            act=act,
            explanation=_("Make sure that it is really your colleague who asks for it."),
        )
        return ask(request, asked, admin=self)


@admin.register(Group, site=site)
class GroupAdmin(RecordAdmin):
    """The groups and their rights, to read: `staff.groups` says what each may do."""

    list_display = ("name",)
    ordering = ("name",)
    fields = ("name", "permissions")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields


@admin.register(Impersonation, site=site)
class ImpersonationAdmin(RecordAdmin):
    list_display = (
        "staff",
        "person_email",
        "tenant",
        "reason",
        "redeemed_at",
        "ends_at",
        "ended_at",
    )
    search_fields = ("person_email", "staff__email", "reason")
    list_filter = ("created_at",)
    list_select_related = ("staff", "tenant")
    ordering = ("-created_at",)
    actions_detail = ("end",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show all but the token's hash."""
        return [name for name in super().get_readonly_fields(request, obj) if name != "token_hash"]

    @question(name=gettext_lazy("End"), at="end", permission="act")
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End it before its time."""
        held = get_object_or_404(Impersonation, pk=object_id)

        def act(answers: dict[str, Any]) -> AdminAction:
            start.end(impersonation=held, by=staff_of(request).email)
            return AdminAction(said=_("Ended."), to=held, action="impersonation.ended_by_staff")

        asked = Question(
            title=_("End"), button=_("End"), about=str(held), form=forms.Confirm, act=act
        )
        return ask(request, asked, admin=self)


@admin.register(Entry, site=site)
class AuditAdmin(RecordAdmin):
    list_display = ("at", "actor", "action", "target", "impersonator", "api_key")
    search_fields = ("actor__exact", "target_id__exact", "action__exact")
    list_filter = ("at",)
    ordering = ("-at", "-id")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Let a tenant's page lead here, to what was done to it."""
        known: bool = super().lookup_allowed(lookup, value, request)
        return known or lookup in {"target_type", "target_id"}
