"""Votes of a building's owners: what is asked, who may answer with what weight, and their answers."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from public_apps.core.versions import Versioned
from tenant_apps.buildings.models import Apartment, Building


class Weighting(models.TextChoices):
    """How much an apartment's ballot weighs."""

    MILLS = "mills", _("By mills")
    APARTMENT = "apartment", _("One per apartment")


class State(models.TextChoices):
    """Where a vote stands in time."""

    ANNOUNCED = "announced", _("Announced")
    RUNNING = "running", _("Running")
    CLOSED = "closed", _("Closed")


class Vote(Versioned):
    """One question to a building. It runs from `opens_at` to `closes_at`, unless closed before."""

    building = models.ForeignKey(
        Building, models.PROTECT, related_name="+", verbose_name=_("building")
    )
    title = models.CharField(_("question"), max_length=200)
    description = models.TextField(_("description"), max_length=10_000, blank=True)
    weighting = models.CharField(
        _("weight"), max_length=10, choices=Weighting, default=Weighting.MILLS
    )
    quorum_percent = models.PositiveSmallIntegerField(
        _("quorum"),
        default=50,
        validators=[MaxValueValidator(100)],
        help_text=_("percent of all weight that must vote; 0: none"),
    )
    opens_at = models.DateTimeField(_("opens"), default=timezone.now)
    closes_at = models.DateTimeField(_("closes"))
    closed_at = models.DateTimeField(_("closed before its time"), null=True, editable=False)
    # When the first ballot came: from then on nobody's weight changes.
    roll_drawn_at = models.DateTimeField(_("roll drawn up"), null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("vote")
        verbose_name_plural = _("votes")
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="vote_closes_after_it_opens"
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True)
                | Q(closed_at__gte=F("opens_at"), closed_at__lte=F("closes_at")),
                name="vote_closed_while_it_ran",
            ),
            models.CheckConstraint(condition=Q(quorum_percent__lte=100), name="quorum_is_a_part"),
            models.CheckConstraint(
                condition=Q(weighting__in=Weighting.values), name="vote_has_a_known_weighting"
            ),
            models.CheckConstraint(condition=~Q(title=""), name="a_vote_has_a_question"),
        ]
        indexes = [models.Index(fields=["-opens_at", "-id"], name="votes_newest_first")]

    def __str__(self) -> str:
        return self.title

    @property
    def state(self) -> State:
        """Where it stands now."""
        now = timezone.now()
        if self.opens_at > now:
            return State.ANNOUNCED
        return State.RUNNING if now < self.ends_at else State.CLOSED

    @property
    def ends_at(self) -> datetime:
        """When it closes or has closed."""
        return self.closed_at or self.closes_at


class Choice(models.Model):
    """One possible answer."""

    vote = models.ForeignKey(Vote, models.CASCADE, related_name="choices")
    position = models.PositiveSmallIntegerField(_("position"))
    text = models.CharField(_("answer"), max_length=200)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["vote", "position"], name="choices_have_an_order"),
            models.UniqueConstraint(fields=["vote", "text"], name="choices_of_a_vote_differ"),
            models.CheckConstraint(condition=~Q(text=""), name="a_choice_says_something"),
        ]

    def __str__(self) -> str:
        return self.text


class Voter(models.Model):
    """An apartment on the roll of a vote, with the weight that it had when the first ballot came."""

    vote = models.ForeignKey(Vote, models.CASCADE, related_name="roll")
    apartment = models.ForeignKey(Apartment, models.PROTECT, related_name="+")
    weight = models.PositiveSmallIntegerField(_("weight"))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["vote", "apartment"], name="on_the_roll_once")
        ]

    def __str__(self) -> str:
        return f"{self.vote_id}: {self.apartment_id}"


class Ballot(models.Model):
    """An apartment's answer: one, for the line of the roll is its key; it may change until the end."""

    voter = models.OneToOneField(Voter, models.CASCADE, primary_key=True, related_name="ballot")
    choice = models.ForeignKey(Choice, models.PROTECT, related_name="ballots")
    cast_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("cast by"),
    )
    cast_at = models.DateTimeField(_("cast"), default=timezone.now)
    on_paper = models.BooleanField(
        _("on paper"), default=False, help_text=_("handed in, and entered by a manager")
    )

    def __str__(self) -> str:
        return f"{self.voter_id}: {self.choice_id}"
