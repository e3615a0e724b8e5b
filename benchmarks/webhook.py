"""Taking events: verify, store, enqueue, beside dj-stripe, verify + INSERT and an empty view."""

from __future__ import annotations

from functools import partial
from operator import ge

import psycopg

from benchmarks import djstripe
from benchmarks.figures import Report, percentile
from benchmarks.load import HOOK, Answers, Load, post
from benchmarks.world import main, world
from devstack.stack import Stack

TABLE = "CREATE TABLE bench_event (id text PRIMARY KEY, payload jsonb NOT NULL)"
WAYS = (
    ("empty view", "benchmarks.bare", "/empty/"),
    ("bare verify + INSERT", "benchmarks.bare", HOOK),
    ("ours", "config.settings", HOOK),
)


def measure(report: Report, quick: bool) -> None:
    """Post at 8 and 64 connections, each way in turn, each with a web server of its own."""
    seconds, rounds = (3.0, 1) if quick else (15.0, 5)
    with world() as stack:
        with psycopg.connect(stack.database_url) as database:
            database.execute(TABLE)
        peer = _peer(report, stack)
        rates: dict[str, list[float]] = {}
        for clients in (8,) if quick else (8, 64):
            waits: list[float] = []
            for _ in range(rounds):
                for name, settings, path in WAYS:
                    answers = _load(stack, settings, path, clients, seconds)
                    rates.setdefault(f"{name}, {clients} connections", []).append(answers.rate)
                    if name == "ours":
                        waits += answers.waits
                        assert not answers.refused, f"{answers.refused} were not taken"
                if peer:
                    rate = _load_peer(stack, peer, clients, seconds)
                    rates.setdefault(f"dj-stripe, {clients} connections", []).append(rate)
            most = 25 if clients == 8 else 100
            report.add(
                f"ours, {clients} connections, p99", "ms", [percentile(waits, 0.99)],
                goal=f"≤ {most}", holds=partial(ge, most),
            )  # fmt: skip
        for name, values in rates.items():
            report.add(name, "events a second", values)
        _compare(report, rates)


def _compare(report: Report, rates: dict[str, list[float]]) -> None:
    ours = rates["ours, 8 connections"]
    bare = rates["bare verify + INSERT, 8 connections"]
    report.add(
        "ours, of the bare way's rate", "share", [a / b for a, b in zip(ours, bare, strict=True)],
        goal="≥ 0.6", holds=lambda share: share >= 0.6,
    )  # fmt: skip
    if peers := rates.get("dj-stripe, 8 connections"):
        report.add(
            "ours, of dj-stripe's rate", "times", [a / b for a, b in zip(ours, peers, strict=True)],
            goal="≥ 5", holds=lambda times: times >= 5,
        )  # fmt: skip


def _peer(report: Report, stack: Stack) -> djstripe.Ready | None:
    try:
        return djstripe.prepare(stack)
    except djstripe.PeerMissing as reason:
        report.remarks.append(f"dj-stripe is not measured: {reason}")
        return None


def _load_peer(stack: Stack, peer: djstripe.Ready, clients: int, seconds: float) -> float:
    with djstripe.serving(stack, peer) as serving:
        load = Load(
            port=serving.port, path=serving.path, secret=stack.env["STRIPE_WEBHOOK_SECRET"],
            clients=clients, seconds=seconds,
        )  # fmt: skip
        answers = post(load)
    assert not answers.refused, f"dj-stripe took {answers.refused} not"
    return answers.rate


def _load(stack: Stack, settings: str, path: str, clients: int, seconds: float) -> Answers:
    before = stack.env["DJANGO_SETTINGS_MODULE"]
    stack.env["DJANGO_SETTINGS_MODULE"] = settings
    try:
        stack.start_part("web")
        load = Load(
            port=stack.web_port, path=path, secret=stack.env["STRIPE_WEBHOOK_SECRET"],
            clients=clients, seconds=seconds,
        )  # fmt: skip
        return post(load)
    finally:
        stack.env["DJANGO_SETTINGS_MODULE"] = before
        if "web" in stack.running:
            stack.stop_part("web")


if __name__ == "__main__":
    main(measure)
