"""Votes as people find them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from public_apps.accounts.models import Role, User
from public_apps.core.errors import Invalid
from tenant_apps.buildings import queries as buildings
from tenant_apps.buildings.models import Apartment, Party
from tenant_apps.votes.models import Ballot, Choice, State, Vote, Voter, Weighting

ENDS_AT = Coalesce("closed_at", "closes_at")


def everything() -> QuerySet[Vote]:
    """Return all votes with their answers."""
    return Vote.objects.select_related("building", "created_by").prefetch_related("choices")


def visible_to(user: User, among: QuerySet[Vote]) -> QuerySet[Vote]:
    """Narrow votes down to those that somebody sees: residents see those of their buildings."""
    if user.role != Role.RESIDENT:
        return among
    return among.filter(building__in=buildings.buildings_of(user))


def in_state(state: str, among: QuerySet[Vote]) -> QuerySet[Vote]:
    """Narrow votes down to those that stand there in time now."""
    now = timezone.now()
    timed = among.alias(end=ENDS_AT)
    if state == State.ANNOUNCED:
        return timed.filter(opens_at__gt=now)
    if state == State.RUNNING:
        return timed.filter(opens_at__lte=now, end__gt=now)
    return timed.filter(end__lte=now)


def running_for(user: User) -> QuerySet[Vote]:
    """Return the running votes that concern somebody, the one that ends first on top."""
    return visible_to(user, in_state(State.RUNNING, everything())).order_by(ENDS_AT, "pk")


def may_vote_for(user: User, vote: Vote) -> QuerySet[Apartment]:
    """Return the apartments of the vote's building that somebody owns today."""
    owned = buildings.residencies_of(user).filter(kind=Party.OWNER)
    return vote.building.apartments.filter(pk__in=owned.values("apartment"))


def voting_apartment(pk: int, *, among: QuerySet[Apartment]) -> Apartment:
    """Return one of these apartments; raise `Invalid` for any other, be it there or not."""
    found = among.filter(pk=pk).first()
    if found is None:
        message = _("Only the owner of an apartment votes for it.")
        raise Invalid(message, errors={"apartment": [message]}, code="does_not_exist")
    return found


def choice_of(vote: Vote, pk: int) -> Choice:
    """Return one of a vote's answers; raise `Invalid` for any other."""
    found = vote.choices.filter(pk=pk).first()
    if found is None:
        message = _("This is no answer to this vote.")
        raise Invalid(message, errors={"choice": [message]}, code="does_not_exist")
    return found


@dataclass(frozen=True, kw_only=True)
class Line:
    """An apartment on the roll, and what it has answered so far."""

    apartment: int
    number: str
    weight: int
    choice: int | None
    cast_at: datetime | None
    on_paper: bool


def roll(vote: Vote, *, among: QuerySet[Apartment]) -> list[Line]:
    """Return these apartments' lines, in the order of their numbers, in two queries.

    Before the first ballot there is no roll yet: then the lines are what it would say now.
    """
    drawn = {
        voter.apartment_id: voter
        for voter in Voter.objects.filter(vote=vote, apartment__in=among).select_related("ballot")
    }
    return [
        _line(vote, apartment, drawn.get(apartment.pk))
        for apartment in among.order_by("number", "pk")
        if vote.roll_drawn_at is None or apartment.pk in drawn
    ]


def _line(vote: Vote, apartment: Apartment, voter: Voter | None) -> Line:
    ballot: Ballot | None = getattr(voter, "ballot", None)
    as_of_now = apartment.mills if vote.weighting == Weighting.MILLS else 1
    return Line(
        apartment=apartment.pk,
        number=apartment.number,
        weight=voter.weight if voter else as_of_now,
        choice=ballot.choice_id if ballot else None,
        cast_at=ballot.cast_at if ballot else None,
        on_paper=ballot.on_paper if ballot else False,
    )
