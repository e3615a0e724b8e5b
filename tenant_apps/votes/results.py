"""Counting a vote: whole numbers of weight, and only what is on its roll."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Sum
from django.db.models.functions import Coalesce

from tenant_apps.votes.models import State, Vote, Weighting


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What one answer got."""

    choice: int
    text: str
    ballots: int
    weight: int
    percent: float  # of the weight that was cast


@dataclass(frozen=True, kw_only=True)
class Results:
    """How a vote stands; final once it is closed."""

    final: bool
    apartments: int
    ballots: int
    total_weight: int
    cast_weight: int
    quorum_percent: int
    quorum_reached: bool
    choices: list[Tally]

    @property
    def turnout_percent(self) -> float:
        """The part of all weight that was cast, with two decimals."""
        return _percent(self.cast_weight, self.total_weight)

    @property
    def decided(self) -> int | None:
        """The answer that got most weight; None without a quorum, without votes, or at a tie."""
        if not (self.final and self.quorum_reached and self.cast_weight):
            return None
        first, second, *_rest = sorted(self.choices, key=lambda each: each.weight, reverse=True)
        return first.choice if first.weight > second.weight else None


def of(vote: Vote) -> Results:
    """Count a vote as it stands now, in three queries."""
    apartments, total = _electorate(vote)
    counted = vote.choices.annotate(
        count=Count("ballots"), weight=Coalesce(Sum("ballots__voter__weight"), 0)
    ).order_by("position")  # Django leaves a model's own ordering out where it groups
    lines = [(choice.pk, choice.text, choice.count, choice.weight) for choice in counted]
    cast = sum(weight for *_rest, weight in lines)
    return Results(
        final=vote.state is State.CLOSED,
        apartments=apartments,
        ballots=sum(count for _pk, _text, count, _weight in lines),
        total_weight=total,
        cast_weight=cast,
        quorum_percent=vote.quorum_percent,
        # In whole numbers: 50 percent of 999 is not reached by 499.
        quorum_reached=cast * 100 >= vote.quorum_percent * total,
        choices=[
            Tally(
                choice=pk, text=text, ballots=count, weight=weight, percent=_percent(weight, cast)
            )
            for pk, text, count, weight in lines
        ],
    )


def _electorate(vote: Vote) -> tuple[int, int]:
    """Return how many apartments may vote with which weight: the roll, or who would be on it."""
    if vote.roll_drawn_at is not None:
        found = vote.roll.aggregate(count=Count("pk"), weight=Coalesce(Sum("weight"), 0))
    else:
        by_mills = vote.weighting == Weighting.MILLS
        weight = Coalesce(Sum("mills"), 0) if by_mills else Count("pk")
        found = vote.building.apartments.aggregate(count=Count("pk"), weight=weight)
    return found["count"], found["weight"]


def _percent(part: int, whole: int) -> float:
    return round(part * 100 / whole, 2) if whole else 0.0
