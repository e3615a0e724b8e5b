"""Stripe: key, clock, webhook endpoint and prices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings

from billing import (
    forgotten,
    gateway,
    outside_purchases,
    plans,
    portal,
    webhook_endpoint,
    webhook_stats,
)
from public_apps.core import clock
from staff.doctor.clocks import clock_against
from staff.doctor.findings import Finding, failing, ok, skipped, warning

MOST_NAMED = 5
REFUSED_LATELY = timedelta(hours=1)


def examine_stripe() -> Iterator[Finding]:
    """Whether the key works, and what it leads to is as it should be."""
    if settings.STRIPE.mode == "manual":
        yield skipped("stripe", "Manual mode: Stripe is not asked for anything.")
        return
    try:
        account = webhook_endpoint.account()
    except gateway.KeyRefused as error:
        yield failing("stripe key", str(error), "Correct STRIPE_SECRET_KEY.")
        return
    yield ok("stripe key", f"Works, in {settings.STRIPE.mode} mode, for {account.id}.")
    if not account.charges_enabled:
        yield warning("stripe key", "The account can't charge yet.", "Finish its set-up at Stripe.")
    if account.clock is not None:
        yield clock_against("Stripe's", account.clock.timestamp())
    yield from _endpoint()
    yield from _portal()
    yield from _deliveries()
    yield from _forgotten()
    yield from _prices()


def examine_purchases() -> Iterator[Finding]:
    """Whether somebody pays for a plan of ours and has no workspace."""
    unclaimed = list(outside_purchases.waiting().order_by("pk").values_list("pk", flat=True))
    if not unclaimed:
        yield ok("purchases", "Every subscription that is paid for has its workspace.")
        return
    yield failing(
        "purchases",
        f"{len(unclaimed)} subscriptions are paid for and belong to nobody: "
        f"{', '.join(unclaimed[:MOST_NAMED])}.",
        "Open a workspace or link the customer, in the admin under “Purchases at Stripe”.",
    )


def _endpoint() -> Iterator[Finding]:
    found = webhook_endpoint.ours()
    if not found:
        yield failing(
            "webhook endpoint",
            f"Stripe has none that leads to {webhook_endpoint.url()}.",
            "“manage.py doctor --fix” creates it and shows its secret.",
        )
        return
    for endpoint in found:
        if not webhook_endpoint.wrong_with(endpoint):
            yield ok("webhook endpoint", f"{endpoint['id']} leads to {endpoint['url']}.")
            return
    wrong = "; ".join(webhook_endpoint.wrong_with(found[0]))
    yield failing(
        "webhook endpoint",
        f"{found[0]['id']}: {wrong}.",
        "“manage.py doctor --fix” brings it in line.",
    )


def _portal() -> Iterator[Finding]:
    found = portal.ours()
    if found is None:
        yield failing(
            "customer portal",
            "Stripe has no configuration of ours: owners can't change their card.",
            "“manage.py doctor --fix” makes it.",
        )
    elif wrong := portal.wrong_with(found):
        yield failing(
            "customer portal",
            f"{found['id']}: {'; '.join(wrong)}.",
            "“manage.py doctor --fix” brings it in line.",
        )
    else:
        on = ", ".join(switch.feature for switch in portal.SWITCHES if switch.on)
        yield ok("customer portal", f"{found['id']} has {on}.")


def _deliveries() -> Iterator[Finding]:
    """Stripe shows a secret once, so whether ours is right is seen by what we refused."""
    seen = webhook_stats.stats_between(since=clock.now() - REFUSED_LATELY)
    if seen.refused:
        yield warning(
            "webhook secret",
            f"{seen.refused} posts of the last hour bore nobody's signature, {seen.count} a good one.",
            "If they came from Stripe: copy the endpoint's signing secret to STRIPE_WEBHOOK_SECRET.",
        )
    else:
        yield ok("webhook secret", f"{seen.count} deliveries in the last hour, none refused.")
    if seen.missed:
        yield warning(
            "webhook",
            f"Stripe could not deliver {seen.missed} events of the last hour; they were fetched.",
            "See the endpoint's page at Stripe for the answers that it got.",
        )


def _forgotten() -> Iterator[Finding]:
    """What Stripe has told us of is here, unless the database came back from a dump."""
    try:
        found = forgotten.look()
    except gateway.KeyRestricted as error:
        yield skipped("recovery", f"Stripe does not let our key read events: {error}")
        return
    if found.since is None:
        yield ok("recovery", "Nothing is missing of what Stripe has told us of lately.")
        return
    yield failing(
        "recovery",
        f"Stripe has told us of what this database does not know ({found.events} events, "
        f"{found.purchases} paid sign-ups): it came back from a dump.",
        f"Run “manage.py recover --since {found.since:%Y-%m-%dT%H:%MZ}”.",
    )


def _prices() -> Iterator[Finding]:
    different = plans.differences()
    if different:
        yield failing("prices", "; ".join(different) + ".", "Run “manage.py plans push”.")
    else:
        yield ok("prices", "Every offered price is at Stripe.")
