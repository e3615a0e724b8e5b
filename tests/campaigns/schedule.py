"""What breaks when: made from a seed, so that a campaign that found something can be run again."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Each fault, as the report calls it."""

    WORKER_KILLED = "worker killed"
    WORKER_TOLD_TO_END = "worker told to end"
    WEB_KILLED = "web killed"
    WEB_TOLD_TO_END = "web told to end"
    DATABASE_KILLED = "database killed"
    DATABASE_TOLD_TO_END = "database told to end"
    DATABASE_STOPPED = "database stopped"
    MAIL_HUNG = "mail hung"
    EVENTS_RESENT = "events sent again"
    BACKLOG = "backlog of events"
    STRANGERS = "slow strangers"


# What breaks at once: in each lane one fault after another, all lanes side by side.
LANES: dict[str, tuple[Kind, ...]] = {
    "worker": (Kind.WORKER_KILLED, Kind.WORKER_TOLD_TO_END),
    "web": (Kind.WEB_KILLED, Kind.WEB_TOLD_TO_END),
    "postgres": (Kind.DATABASE_KILLED, Kind.DATABASE_TOLD_TO_END, Kind.DATABASE_STOPPED),
    "mail": (Kind.MAIL_HUNG,),
    "stripe": (Kind.EVENTS_RESENT,),
    "backlog": (Kind.BACKLOG,),
    "strangers": (Kind.STRANGERS,),
}
# From and to how many seconds a fault lasts; what is not here is over when the part serves again.
LASTING: dict[Kind, tuple[float, float]] = {
    Kind.DATABASE_TOLD_TO_END: (2, 5),
    Kind.DATABASE_STOPPED: (3, 8),
    Kind.MAIL_HUNG: (6, 15),
    Kind.EVENTS_RESENT: (8, 15),
    Kind.STRANGERS: (8, 20),
}
ROUND_MINUTES = 2.0  # in so many minutes each fault comes once
LATEST_BEGIN, LONGEST = 0.3, 0.4  # shares of a fault's turn: what is left, the part needs to return


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault: `at` seconds after the beginning, for `seconds` (0: a moment)."""

    kind: Kind
    lane: str
    at: float
    seconds: float


def plan(*, minutes: float, seed: int) -> list[Fault]:
    """Return a campaign's faults in order of their begin, each kind at least once."""
    chance = random.Random(seed)  # noqa: S311 - a schedule that can be had again, no secret
    rounds = max(1, round(minutes / ROUND_MINUTES))
    faults: list[Fault] = []
    for lane, kinds in LANES.items():
        order = [kind for _ in range(rounds) for kind in chance.sample(kinds, len(kinds))]
        turn = minutes * 60 / len(order)
        faults += [
            Fault(
                kind=kind,
                lane=lane,
                at=round(turn * (number + chance.uniform(0, LATEST_BEGIN)), 2),
                seconds=round(min(chance.uniform(*LASTING.get(kind, (0, 0))), turn * LONGEST), 2),
            )
            for number, kind in enumerate(order)
        ]
    return sorted(faults, key=lambda fault: fault.at)


def arrivals(*, minutes: float, rate: float, seed: int) -> list[float]:
    """Return when each buyer comes, in seconds after the beginning: `rate` of them a minute."""
    chance = random.Random(f"buyers {seed}")  # noqa: S311 - as above
    count = max(1, round(minutes * rate))
    return sorted(round(chance.uniform(0, minutes * 60), 2) for _ in range(count))
