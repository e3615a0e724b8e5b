"""What an examination finds, a line each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a part is. Only `failing` makes the doctor's exit status bad."""

    OK = "ok"
    WARNING = "warning"
    FAILING = "failing"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line: a part, how it is, and what to do if it isn't well."""

    part: str
    verdict: Verdict
    detail: str
    advice: str = ""


Examination = Callable[[], Iterable[Finding]]


def ok(part: str, detail: str) -> Finding:
    """Say that a part is well."""
    return Finding(part=part, verdict=Verdict.OK, detail=detail)


def warning(part: str, detail: str, advice: str) -> Finding:
    """Say that a part could be better."""
    return Finding(part=part, verdict=Verdict.WARNING, detail=detail, advice=advice)


def failing(part: str, detail: str, advice: str) -> Finding:
    """Say that a part doesn't do its work."""
    return Finding(part=part, verdict=Verdict.FAILING, detail=detail, advice=advice)


def skipped(part: str, detail: str) -> Finding:
    """Say that a part was not looked at, and why."""
    return Finding(part=part, verdict=Verdict.SKIPPED, detail=detail)
