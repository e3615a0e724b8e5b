"""Votes as pages: calling, changing and closing one, and casting ballots."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from public_apps.accounts.permissions import Scope
from public_apps.accounts.view_decorators import (
    HttpResponseSeeOther,
    current_user,
    require_permission,
)
from public_apps.core.errors import Problem
from public_apps.core.forms import once, submit_form
from tenant_apps.votes import actions, queries
from tenant_apps.votes.forms import VoteForm
from tenant_apps.votes.models import Vote
from tenant_apps.votes.views.reading import ballot_form, paper_form, render_detail, visible_votes


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("votes.create")
def new_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Call a vote."""
    form = VoteForm(request.POST or None)
    made = submit_form(
        request, form, lambda **said: actions.call_vote(by=current_user(request), **said).pk
    )
    if made is not None:
        messages.success(request, _("The vote is called."))
        return HttpResponseSeeOther(reverse("vote-page", args=[made]))
    return render(request, "tenant/votes/form.html", {"form": form, "key": uuid.uuid4().hex})


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("votes.partial_update")
def change_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Change a vote that has not opened yet."""
    vote = get_object_or_404(visible_votes(request), pk=pk)
    answers = "\n".join(choice.text for choice in vote.choices.all())
    form = VoteForm(request.POST or None, instance=vote, initial={"choices": answers})

    def verb(**said: Any) -> int:
        return actions.change(vote=vote, **said).pk

    if submit_form(request, form, verb) is not None:
        messages.success(request, _("The vote is changed."))
        return HttpResponseSeeOther(reverse("vote-page", args=[pk]))
    shown = {"form": form, "vote": vote, "key": uuid.uuid4().hex}
    return render(request, "tenant/votes/form.html", shown)


@require_POST
@require_permission("votes.cast")
def cast_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Cast or change the ballot of an apartment of one's own."""
    vote = get_object_or_404(visible_votes(request), pk=pk)
    form = ballot_form(vote, request.POST)
    among = queries.may_vote_for(current_user(request), vote)

    def verb(*, apartment: int, choice: int) -> int:
        actions.cast(
            vote=vote, by=current_user(request), choice=queries.choice_of(vote, choice),
            apartment=queries.voting_apartment(apartment, among=among),
        )  # fmt: skip
        return pk

    if submit_form(request, form, verb) is None:
        return render_detail(request, pk, form)
    messages.success(request, _("Your ballot is counted. You can change it until the vote closes."))
    return HttpResponseSeeOther(reverse("vote-page", args=[pk]))


@require_POST
@require_permission("votes.cast")
def paper_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Enter a ballot that was handed in on paper."""
    if scope is not Scope.ALL:
        raise PermissionDenied
    vote = get_object_or_404(visible_votes(request), pk=pk)
    form = paper_form(vote, request.POST)

    def verb(*, apartment: int, choice: int) -> int:
        flats = vote.building.apartments.all()
        actions.record_paper_ballot(
            vote=vote, by=current_user(request), choice=queries.choice_of(vote, choice),
            apartment=queries.voting_apartment(apartment, among=flats),
        )  # fmt: skip
        return pk

    if submit_form(request, form, verb) is None:
        return render_detail(request, pk, form)
    messages.success(request, _("The paper ballot is counted."))
    return HttpResponseSeeOther(reverse("vote-page", args=[pk]))


@require_POST
@require_permission("votes.close")
def close_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Close a running vote before its time."""
    vote = get_object_or_404(visible_votes(request), pk=pk)
    _try(
        request,
        lambda: actions.close(vote=vote, by=current_user(request)).pk,
        _("The vote is closed."),
    )
    return HttpResponseSeeOther(reverse("vote-page", args=[pk]))


@require_POST
@require_permission("votes.destroy")
def call_off_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Delete a vote that nobody has voted in."""
    vote: Vote = get_object_or_404(visible_votes(request), pk=pk)
    gone = _try(
        request,
        lambda: actions.call_off(vote=vote, by=current_user(request)),
        _("The vote is called off."),
    )
    return HttpResponseSeeOther(reverse("votes-page") if gone else reverse("vote-page", args=[pk]))


def _try(request: HttpRequest, work: Callable[[], Any], done: str) -> bool:
    try:
        once(request, work)
    except Problem as refusal:
        messages.error(request, refusal.detail)
        return False
    messages.success(request, done)
    return True
