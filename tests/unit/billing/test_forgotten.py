"""The doctor tells a database that came back from a dump by what Stripe has told us of."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db.models import F

from billing.models import Customer, StripeEvent
from public_apps.core.schema_context import in_public
from staff.doctor.findings import Finding, Verdict
from staff.doctor.stripe import examine_stripe
from tests.unit.billing.test_recover import buy, lost
from tests.unit.stripe_inside import StripeInside


def said() -> Finding:
    """Return what the doctor says of it."""
    with in_public():
        (finding,) = [each for each in examine_stripe() if each.part == "recovery"]
    return finding


def an_hour_passes() -> None:
    """Let what we know of have come an hour ago."""
    StripeEvent.objects.update(received_at=F("received_at") - timedelta(hours=1))


def test_where_nothing_was_forgotten_the_doctor_says_so(stripe_inside: StripeInside) -> None:
    assert said().verdict == Verdict.OK  # nor at an account whose earlier life was not ours
    buy(stripe_inside)
    an_hour_passes()
    buy(stripe_inside)
    assert said().verdict == Verdict.OK


def test_after_a_restore_it_names_the_command_that_brings_all_back(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    buy(stripe_inside)
    an_hour_passes()
    with lost():
        buy(stripe_inside)
    finding = said()
    assert finding.verdict == Verdict.FAILING
    assert ", 1 paid sign-ups" in finding.detail
    command = re.search(r"recover --since (\S+)”", finding.advice)
    assert command
    with in_public():
        call_command("recover", "--since", command[1])
    assert "1 to decide" not in capsys.readouterr().out
    assert said().verdict == Verdict.OK


def test_changes_alone_are_noticed_too(stripe_inside: StripeInside) -> None:
    _signup, session = buy(stripe_inside)
    an_hour_passes()
    with lost():
        stripe_inside.happen(session["subscription"], "cancellation")
        stripe_inside.deliver()
    assert Customer.objects.filter(pk=session["customer"]).exists()
    finding = said()
    assert finding.verdict == Verdict.FAILING
    assert ", 0 paid sign-ups" in finding.detail
