"""Writes about votes. What decides is the time at which a writer holds the vote's row, locked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict, Unpack

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from public_apps.accounts.models import User
from public_apps.audit import audit
from public_apps.core.constraint_errors import refused_as
from public_apps.core.errors import Invalid, Refused
from tenant_apps.buildings import queries as buildings
from tenant_apps.buildings.models import Apartment, Building, Party
from tenant_apps.votes.models import Ballot, Choice, State, Vote, Voter, Weighting

FEWEST_CHOICES, MOST_CHOICES = 2, 20


class VoteFields(TypedDict, total=False):
    """What can be said of a vote."""

    building: Building
    title: str
    description: str
    weighting: str
    quorum_percent: int
    opens_at: datetime
    closes_at: datetime


@transaction.atomic
def call_vote(*, by: User, choices: Sequence[str], **fields: Unpack[VoteFields]) -> Vote:
    """Call a vote, now or for later; raises `Invalid` by field."""
    vote = _kept(Vote(created_by=by), fields)
    _set_choices(vote, choices)
    audit.record(actor=by, action="vote.called", target=vote)
    return vote


@transaction.atomic
def change(
    *, vote: Vote, choices: Sequence[str] | None = None, **fields: Unpack[VoteFields]
) -> Vote:
    """Change a vote that has not opened yet; raises `Refused` for any other."""
    vote = _locked(vote)
    if vote.state is not State.ANNOUNCED:
        raise Refused(_("This vote has opened: what it asks can't be changed any more."))
    _kept(vote, fields)
    if choices is not None:
        _set_choices(vote, choices)
    return vote


@transaction.atomic
def call_off(*, vote: Vote, by: User) -> None:
    """Delete a vote that nobody has voted in; raises `Refused` for any other."""
    vote = _locked(vote)
    if vote.roll_drawn_at is not None:
        raise Refused(_("There are ballots in this vote: it can be closed, and is kept."))
    audit.record(actor=by, action="vote.called_off", target=vote)
    vote.delete()


@transaction.atomic
def close(*, vote: Vote, by: User) -> Vote:
    """Close a running vote before its time, for good; raises `Refused` for any other."""
    vote = _locked(vote)
    if vote.state is not State.RUNNING:
        raise Refused(_("Only a running vote can be closed."))
    vote.closed_at = timezone.now()
    vote.save(update_fields=["closed_at"])
    audit.record(actor=by, action="vote.closed", target=vote)
    return vote


@transaction.atomic
def cast(*, vote: Vote, apartment: Apartment, choice: Choice, by: User) -> Ballot:
    """Cast or change an apartment's ballot as its owner of today, until the vote ends.

    Raises `Invalid` for an apartment that they don't own, `Refused` when the vote is not running
    at the moment of counting: ballots and the closing stand in one queue.
    """
    owned = buildings.residencies_of(by).filter(apartment=apartment, kind=Party.OWNER)
    if not owned.exists():
        message = _("Only the owner of an apartment votes for it.")
        raise Invalid(message, errors={"apartment": [message]})
    return _count(vote, apartment=apartment, choice=choice, by=by, on_paper=False)


@transaction.atomic
def record_paper_ballot(*, vote: Vote, apartment: Apartment, choice: Choice, by: User) -> Ballot:
    """Enter a ballot that was handed in on paper; raises as `cast` does, for any apartment."""
    ballot = _count(vote, apartment=apartment, choice=choice, by=by, on_paper=True)
    detail = {"apartment": apartment.number, "choice": choice.text}
    audit.record(actor=by, action="vote.paper_ballot", target=vote, detail=detail)
    return ballot


def _count(vote: Vote, *, apartment: Apartment, choice: Choice, by: User, on_paper: bool) -> Ballot:
    vote = _locked(vote)
    if vote.state is not State.RUNNING:
        raise Refused(_("This vote is not running."))
    if choice.vote_id != vote.pk:
        message = _("This is no answer to this vote.")
        raise Invalid(message, errors={"choice": [message]})
    _ensure_roll(vote)
    voter = Voter.objects.filter(vote=vote, apartment=apartment).first()
    if voter is None:
        message = _("This apartment is not on the roll of this vote.")
        raise Invalid(message, errors={"apartment": [message]})
    said = {"choice": choice, "cast_by": by, "cast_at": timezone.now(), "on_paper": on_paper}
    ballot, _created = Ballot.objects.update_or_create(voter=voter, defaults=said)
    return ballot


def _ensure_roll(vote: Vote) -> None:
    """Draw up the roll, once: who votes later has the weight of this moment, like everybody."""
    if vote.roll_drawn_at is not None:
        return
    by_mills = vote.weighting == Weighting.MILLS
    Voter.objects.bulk_create(
        Voter(vote=vote, apartment=apartment, weight=apartment.mills if by_mills else 1)
        for apartment in vote.building.apartments.order_by("pk")
    )
    vote.roll_drawn_at = timezone.now()
    vote.save(update_fields=["roll_drawn_at"])


def _kept(vote: Vote, fields: VoteFields) -> Vote:
    for name, value in fields.items():
        setattr(vote, name, value)
    vote.full_clean(exclude=["created_by"], validate_constraints=False)
    message = _("It can't close before it opens.")
    refusal = Invalid(message, errors={"closes_at": [message]})
    if vote.closes_at <= timezone.now():
        message = _("It has to close in the future.")
        raise Invalid(message, errors={"closes_at": [message]})
    with refused_as(vote_closes_after_it_opens=refusal):
        vote.save()
    return vote


def _set_choices(vote: Vote, texts: Sequence[str]) -> None:
    if not FEWEST_CHOICES <= len(texts) <= MOST_CHOICES:
        message = _("Give {fewest} to {most} answers.").format(
            fewest=FEWEST_CHOICES, most=MOST_CHOICES
        )
        raise Invalid(message, errors={"choices": [message]})
    vote.choices.all().delete()
    message = _("Two answers are the same.")
    refusal = Invalid(message, errors={"choices": [message]})
    choices = [
        Choice(vote=vote, position=position, text=text)
        for position, text in enumerate(texts, start=1)
    ]
    for choice in choices:
        choice.full_clean(exclude=["vote"], validate_unique=False, validate_constraints=False)
    with refused_as(choices_of_a_vote_differ=refusal):
        Choice.objects.bulk_create(choices)


def _locked(vote: Vote) -> Vote:
    return Vote.objects.select_for_update().get(pk=vote.pk)
