"""/members/: the people of a workspace, by plain pages and forms."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth import logout
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from public_apps.accounts import step_up
from public_apps.accounts.invitations import actions as invitations
from public_apps.accounts.members import actions
from public_apps.accounts.models import Invitation, User
from public_apps.accounts.people.forms import InviteForm, MemberForm, NarrowForm
from public_apps.accounts.permissions import Scope, must_be_confirmed
from public_apps.accounts.view_decorators import (
    HttpResponseSeeOther,
    current_user,
    has_permission,
    require_permission,
)
from public_apps.core.errors import Problem
from public_apps.core.forms import once, submit_form

A_PAGE = 50


@dataclass(frozen=True)
class Ask:
    """Something that is done with a member after a second look."""

    verb: Callable[[User, User], User]
    title: str | Promise
    lead: str | Promise
    done: str | Promise


ASKS = {
    "deactivate": Ask(
        lambda member, by: actions.deactivate(member=member, by=by),
        gettext_lazy("Deactivate this member"),
        gettext_lazy("They are signed out everywhere at once, and their API keys end."),
        gettext_lazy("The member is deactivated."),
    ),
    "reactivate": Ask(
        lambda member, by: actions.reactivate(member=member, by=by),
        gettext_lazy("Let this member in again"),
        gettext_lazy("They can sign in with the password that they had."),
        gettext_lazy("The member can sign in again."),
    ),
    "transfer-ownership": Ask(
        lambda member, by: actions.transfer_ownership(to=member, by=by),
        gettext_lazy("Hand the workspace over"),
        gettext_lazy("They become owner in your place, and you become a manager."),
        gettext_lazy("The workspace has a new owner."),
    ),
}


@require_safe
@require_permission("invitations.list")
def list_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show the members, and the invitations that nobody has accepted yet."""
    narrow = NarrowForm(request.GET)
    people = narrow.narrowed(User.objects.all()).order_by("-is_active", "last_name", "email", "pk")
    query = request.GET.copy()
    query.pop("page", None)
    waiting = Invitation.objects.filter(accepted_at=None, revoked_at=None).order_by("-pk")
    shown = {
        "rows": Paginator(people, A_PAGE).get_page(request.GET.get("page")),
        "invitations": [
            (each, actions.may_give(by=current_user(request), role=each.role)) for each in waiting
        ],
        "narrow": narrow,
        "query": f"{query.urlencode()}&" if query else "",
    }
    return render(request, "tenant/people/members.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("invitations.create")
def invite_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Invite somebody by mail."""
    form = InviteForm(
        request.POST or None, by=current_user(request), language=get_language() or "en"
    )
    made = submit_form(
        request, form, lambda **said: invitations.invite(by=current_user(request), **said).pk
    )
    if made is not None:
        messages.success(request, _("The invitation is on its way."))
        return HttpResponseSeeOther(reverse("members-page"))
    shown = {"form": form, "key": uuid.uuid4().hex}
    return render(request, "tenant/people/invite.html", shown)


@require_POST
@require_permission("invitations.resend", held=True)
def invitation_page(request: HttpRequest, scope: Scope, pk: int, verb: str) -> HttpResponse:
    """Send an invitation again, or take it back."""
    invitation = get_object_or_404(Invitation, pk=pk)
    act = {"resend": invitations.resend, "revoke": invitations.revoke}.get(verb)
    if act is None:
        raise Http404
    try:
        act(invitation=invitation, by=current_user(request))
    except Problem as refusal:
        messages.error(request, refusal.detail)
    else:
        resent = verb == "resend"
        messages.success(
            request, _("A new mail is on its way.") if resent else _("The invitation is revoked.")
        )
    return HttpResponseSeeOther(reverse("members-page"))


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("members.partial_update")
def member_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show a member and change their names and role."""
    member = get_object_or_404(User, pk=pk)
    form = MemberForm(request.POST or None, instance=member, by=current_user(request))
    done = submit_form(
        request,
        form,
        lambda **said: actions.change(member=member, by=current_user(request), **said).pk,
    )
    if done is not None:
        messages.success(request, _("The member is changed."))
        return HttpResponseSeeOther(reverse("members-page"))
    shown = {
        "form": form,
        "key": uuid.uuid4().hex,
        "member": User.objects.get(pk=pk),
        "may_change": actions.may_give(by=current_user(request), role=form.instance.role),
        "may_hand_over": has_permission(request, "members.transfer_ownership")
        and current_user(request).pk != pk,
    }
    return render(request, "tenant/people/member.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("members.deactivate")
def ask_page(request: HttpRequest, scope: Scope, pk: int, verb: str) -> HttpResponse:
    """Ask for a second look on GET, and do it on POST; the action judges who may."""
    asked, mine = ASKS.get(verb), current_user(request)
    if asked is None or (scope is Scope.OWN and pk != mine.pk):
        raise Http404
    member = get_object_or_404(User, pk=pk)
    if request.method == "POST":
        if must_be_confirmed(f"members.{verb.replace('-', '_')}") and not step_up.is_recent(
            request
        ):
            return step_up.asked(request)
        try:
            once(request, lambda: asked.verb(member, mine).pk)
        except Problem as refusal:
            messages.error(request, refusal.detail)
            return HttpResponseSeeOther(request.path)
        if member == mine and verb == "deactivate":
            logout(request)
            return HttpResponseSeeOther(reverse("account_login"))
        messages.success(request, str(asked.done))
        return HttpResponseSeeOther(reverse("members-page"))
    shown = {"asked": asked, "member": member, "key": uuid.uuid4().hex}
    return render(request, "tenant/people/ask.html", shown)
