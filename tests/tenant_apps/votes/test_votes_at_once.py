"""Ballots that come together, and ballots at the moment of closing: decided by who holds the vote."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from public_apps.core.schema_context import inside
from tenant_apps.votes.models import Ballot, Vote
from tests.tenant_api.populated_workspace import PopulatedWorkspace
from tests.tenant_apps.votes.test_votes import called, cast, results
from tests.tenant_apps.waiting import until_somebody_waits


def at_once(*deeds: Any) -> None:
    threads = [threading.Thread(target=deed) for deed in deeds]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def test_of_ballots_at_once_for_one_apartment_one_counts(populated: PopulatedWorkspace) -> None:
    vote = called(populated)
    assert populated.resident.token
    assert populated.manager.token
    answers: list[int] = []

    def by_owner() -> None:
        answers.append(cast(populated.resident, vote, populated.apartments[0], "Yes").status_code)

    def on_paper() -> None:
        answer = cast(populated.manager, vote, populated.apartments[0], "No", on_paper=True)
        answers.append(answer.status_code)

    at_once(by_owner, on_paper, by_owner, on_paper)
    assert answers == [200] * 4
    with inside(populated.schema):
        assert Ballot.objects.filter(voter__vote=vote["id"]).count() == 1
        assert Vote.objects.get(pk=vote["id"]).roll.count() == 4


def test_a_ballot_that_comes_while_the_vote_is_being_closed_waits_and_is_refused(
    populated: PopulatedWorkspace,
) -> None:
    vote = called(populated)
    assert populated.resident.token
    answers: list[int] = []
    ballot = threading.Thread(
        target=lambda: answers.append(
            cast(populated.resident, vote, populated.apartments[0]).status_code
        )
    )
    with inside(populated.schema), transaction.atomic():
        row = Vote.objects.select_for_update().get(pk=vote["id"])
        ballot.start()
        until_somebody_waits()
        row.closed_at = timezone.now()
        row.save()
    ballot.join()
    assert answers == [409]
    assert results(populated.manager, vote)["ballots"] == 0


def test_a_ballot_that_waits_past_the_end_is_refused(populated: PopulatedWorkspace) -> None:
    vote = called(populated, opens=-1, closes=0.05)
    assert populated.resident.token
    answers: list[int] = []
    ballot = threading.Thread(
        target=lambda: answers.append(
            cast(populated.resident, vote, populated.apartments[0]).status_code
        )
    )
    with inside(populated.schema), transaction.atomic():
        row = Vote.objects.select_for_update().get(pk=vote["id"])
        ballot.start()
        while timezone.now() <= row.closes_at:
            time.sleep(0.05)
    ballot.join()
    assert answers == [409]


def test_the_database_allows_one_ballot_for_each_line_of_the_roll(
    populated: PopulatedWorkspace,
) -> None:
    vote = called(populated)
    cast(populated.resident, vote, populated.apartments[0])
    with inside(populated.schema):
        first = Ballot.objects.select_related("voter", "choice").get(voter__vote=vote["id"])
        with pytest.raises(IntegrityError), transaction.atomic():
            Ballot.objects.create(voter=first.voter, choice=first.choice)
