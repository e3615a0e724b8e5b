"""Votes as pages: the list, and one with its ballots and results."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from public_apps.accounts.permissions import Scope, request_scope
from public_apps.accounts.view_decorators import current_user, has_permission, require_permission
from tenant_apps.votes import queries, results
from tenant_apps.votes.forms import BallotForm, PaperForm
from tenant_apps.votes.models import State, Vote

A_PAGE = 20


@require_safe
@require_permission("votes.list")
def list_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show votes, the newest first."""
    found = visible_votes(request).order_by("-opens_at", "-pk")
    shown = {
        "rows": Paginator(found, A_PAGE).get_page(request.GET.get("page")),
        "may_call": has_permission(request, "votes.create"),
    }
    return render(request, "tenant/votes/list.html", shown)


@require_safe
@require_permission("votes.retrieve")
def detail_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show one, with the ballots that this person may cast and the results that they may see."""
    return render_detail(request, pk)


def visible_votes(request: HttpRequest) -> QuerySet[Vote]:
    """Return the votes that whoever asks may see."""
    return queries.visible_to(current_user(request), queries.everything())


def render_detail(request: HttpRequest, pk: int, sent: Form | None = None) -> HttpResponse:
    """Show a vote with its forms; the one just sent as it was, with what was refused."""
    vote = get_object_or_404(visible_votes(request), pk=pk)
    state = vote.state
    runs_it = request_scope(request, "votes.results") is Scope.ALL
    lines = queries.roll(vote, among=queries.may_vote_for(current_user(request), vote))
    context = {
        "vote": vote,
        "state": state,
        "runs_it": runs_it,
        "lines": [(line, _ballot(vote, line, sent)) for line in lines],
        "results": results.of(vote) if runs_it or state is State.CLOSED else None,
        "paper": _paper(vote, sent) if runs_it and state is State.RUNNING else None,
        "roll": queries.roll(vote, among=vote.building.apartments.all()) if runs_it else (),
        "answers": {choice.pk: choice.text for choice in vote.choices.all()},
        "sent": sent,
        "key": uuid.uuid4().hex,
    }
    return render(request, "tenant/votes/detail.html", context)


def ballot_form(vote: Vote, data: Any) -> BallotForm:
    """Return the form of a ballot as it was sent."""
    return BallotForm(data, offered=list(vote.choices.all()))


def paper_form(vote: Vote, data: Any = None) -> PaperForm:
    """Return the form of a paper ballot, as it was sent or empty."""
    flats = list(vote.building.apartments.order_by("number"))
    return PaperForm(data, offered=list(vote.choices.all()), flats=flats)


def _ballot(vote: Vote, line: queries.Line, sent: Form | None) -> Form:
    if type(sent) is BallotForm and sent.data.get("apartment") == str(line.apartment):
        return sent
    return BallotForm(
        offered=list(vote.choices.all()),
        initial={"apartment": line.apartment, "choice": line.choice},
        auto_id=f"ballot_{line.apartment}_%s",
    )


def _paper(vote: Vote, sent: Form | None) -> Form:
    return sent if isinstance(sent, PaperForm) else paper_form(vote)
