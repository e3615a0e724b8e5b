"""What a campaign wrote down, and nothing of what it makes of that: times are seconds of the epoch."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Purchase:
    """One buyer: what they did, and what stood there in the end."""

    email: str
    subdomain: str
    address: str  # where the buyer's requests come from
    under_fire: bool = True  # or bought before anything burnt, and counts for no percentile
    session_id: str = ""
    paid_at: float | None = None
    ready_at: float | None = None
    workspaces: int = 0  # open ones whose owner is this buyer
    owners: int = 0  # people in them
    completed: int = 0  # events of the payment that were processed
    mails: list[float] = field(default_factory=list)  # when welcome mails arrived
    signed_in: bool = False
    told: str = ""  # what the last refusal was


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an honest client got: a status, or none and why."""

    asked: str
    began: float
    ended: float
    status: int | None
    fine: bool  # what it should be when all is up
    why: str = ""


@dataclass(kw_only=True)
class Happening:
    """One fault as it was: when it began, when all of it was undone, and what went wrong with that."""

    kind: str
    lane: str
    planned: float  # seconds after the beginning
    began: float = 0.0
    ended: float | None = None
    went_wrong: str = ""
    note: str = ""


@dataclass(kw_only=True)
class Ending:
    """What was found when all had come to rest, or nobody waited for that any longer."""

    unrest: str = ""  # what was still under way then
    half_built: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    open_events: list[str] = field(default_factory=list)
    doctor: list[str] = field(default_factory=list)  # what it calls failing
    strange: list[str] = field(default_factory=list)  # workspaces that nobody of ours has bought


@dataclass(kw_only=True)
class Record:
    """A whole campaign."""

    minutes: float
    seed: int
    planned: int = 0  # faults
    purchases: list[Purchase] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    ending: Ending = field(default_factory=Ending)
