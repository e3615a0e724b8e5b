"""What may follow what in a request: one table, for those who look after it and for who opened it."""

from __future__ import annotations

from tenant_apps.requests.models import ServiceRequest, Status

# from          they may move it to                       its opener may move it to
_TABLE = """
open          | in_progress waiting resolved rejected   | withdrawn
in_progress   | waiting resolved rejected               | withdrawn
waiting       | in_progress resolved rejected           | withdrawn
resolved      | in_progress closed                      | open closed
closed        | in_progress                             |
rejected      | open                                    |
withdrawn     |                                         | open
"""


def _parsed(table: str) -> dict[tuple[Status, bool], tuple[Status, ...]]:
    allowed = {}
    for line in table.strip().splitlines():
        status, *moves = line.split("|")
        for desk, following in zip((True, False), moves, strict=True):
            start = Status(status.strip())
            allowed[start, desk] = tuple(Status(each) for each in following.split())
    return allowed


_ALLOWED = _parsed(_TABLE)


def next_statuses(request: ServiceRequest, *, desk: bool, opener: bool) -> list[Status]:
    """Return what a request may become now, by whom it looks after (`desk`), or opened it, or both."""
    status = Status(request.status)
    allowed = {
        each
        for at_desk, may in ((True, desk), (False, opener))
        if may
        for each in _ALLOWED[status, at_desk]
    }
    return [each for each in Status if each in allowed]
