"""The shapes of /api/votes/."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from public_apps.accounts.person_fields import NamedSerializer
from tenant_apps.votes.actions import FEWEST_CHOICES, MOST_CHOICES
from tenant_apps.votes.models import Choice, State, Vote


class ChoiceSerializer(serializers.ModelSerializer[Choice]):
    class Meta:
        model = Choice
        fields = ("id", "text")
        read_only_fields = fields


class VoteSerializer(serializers.ModelSerializer[Vote]):
    state = serializers.ChoiceField(choices=State.choices, read_only=True)
    choices = ChoiceSerializer(many=True, read_only=True)
    created_by = NamedSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Vote
        fields = (
            "id", "building", "title", "description", "choices", "weighting", "quorum_percent",
            "opens_at", "closes_at", "closed_at", "state", "created_by", "created_at",
            "version",
        )  # fmt: skip
        read_only_fields = ("id", "closed_at", "created_at", "version")


class VoteInputSerializer(serializers.ModelSerializer[Vote]):
    """A vote to be called, or changed before it opens."""

    choices = serializers.ListField(
        child=serializers.CharField(max_length=200),
        min_length=FEWEST_CHOICES,
        max_length=MOST_CHOICES,
    )

    class Meta:
        model = Vote
        fields = (
            "building", "title", "description", "choices", "weighting", "quorum_percent",
            "opens_at", "closes_at",
        )  # fmt: skip


class BallotInputSerializer(serializers.Serializer[Any]):
    """An apartment's answer."""

    apartment = serializers.IntegerField()
    choice = serializers.IntegerField()
    on_paper = serializers.BooleanField(
        default=False, help_text="handed in on paper: for owners and managers of the workspace"
    )


class LineSerializer(serializers.Serializer[Any]):
    """An apartment on the roll, and what it has answered so far."""

    apartment = serializers.IntegerField()
    number = serializers.CharField()
    weight = serializers.IntegerField()
    choice = serializers.IntegerField(allow_null=True)
    cast_at = serializers.DateTimeField(allow_null=True)
    on_paper = serializers.BooleanField()


class TallySerializer(serializers.Serializer[Any]):
    choice = serializers.IntegerField()
    text = serializers.CharField()
    ballots = serializers.IntegerField()
    weight = serializers.IntegerField()
    percent = serializers.FloatField(help_text="of the weight that was cast")


class ResultsSerializer(serializers.Serializer[Any]):
    final = serializers.BooleanField(help_text="false: the vote has not closed yet")
    apartments = serializers.IntegerField(help_text="how many may vote")
    ballots = serializers.IntegerField(help_text="how many have voted")
    total_weight = serializers.IntegerField()
    cast_weight = serializers.IntegerField()
    turnout_percent = serializers.FloatField(help_text="of all weight")
    quorum_percent = serializers.IntegerField()
    quorum_reached = serializers.BooleanField()
    decided = serializers.IntegerField(
        allow_null=True, help_text="the answer that won; null: none, for want of votes or by a tie"
    )
    choices = TallySerializer(many=True)
