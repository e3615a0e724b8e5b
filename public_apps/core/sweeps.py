"""Going over many rows by the clock: one that is broken stops none of those after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import structlog
from django.db import transaction
from django.dispatch import Signal

log = structlog.get_logger(__name__)
T = TypeVar("T")
LONGEST_FAULT = 300
# Sent with `name`, a sweep's, and `faults`, a line for each row that it could not do.
swept = Signal()


def sweep(
    name: str, rows: Iterable[T], work: Callable[[T], object], *, named: Callable[[T], str]
) -> list[str]:
    """Do the work for each row in a transaction of its own; return a line for each that failed.

    Every fault is in the log with its row, and told to whoever listens to `swept`. What a row is
    named by stands in logs and mails: nobody's address.
    """
    faults = [fault for row in rows if (fault := _fault_of(name, row, work, named))]
    swept.send(sweep, name=name, faults=faults)
    return faults


def _fault_of(name: str, row: T, work: Callable[[T], object], named: Callable[[T], str]) -> str:
    try:
        with transaction.atomic():
            work(row)
    except Exception as error:  # the boundary: logged, told, and the next one's turn
        log.exception("sweep could not do one", sweep=name, row=named(row))
        return f"{named(row)}: {type(error).__name__}: {error}"[:LONGEST_FAULT]
    return ""
