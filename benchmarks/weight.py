"""What PostgreSQL's backends remember of the tenants that they have served, and keep in memory."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import psycopg
from psycopg import sql

from benchmarks.figures import Report
from benchmarks.people import Place, at_random, session_of_owner
from devstack.stack import Stack

# Not `Private_Dirty`: shared buffers that no other process has mapped yet count there, too.
OWN = re.compile(r"^Pss_Anon:\s+(\d+) kB", re.MULTILINE)
BACKENDS = """
    SELECT pid FROM pg_stat_activity WHERE datname = current_database()
    AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
# What somebody who runs a building opens in a day.
PAGES = (
    "/", "/buildings/", "/finances/", "/announcements/", "/requests/", "/requests/new/", "/votes/",
    "/members/", "/settings/", "/settings/me/", "/billing/",
)  # fmt: skip
CLIENTS = 16  # as many as the web has threads: each of its backends gets to work
LOOK_SECONDS = 0.5
MOST_MEGABYTES = 150


def measure(report: Report, stack: Stack, places: list[Place], *, quick: bool) -> None:
    """Weigh the web's backends under random traffic, and one that touches all there is."""
    if not Path("/proc/self/smaps_rollup").exists():
        report.remarks.append("Memory is not weighed: this system does not tell it by process.")
        return
    size = len(places)
    heaviest = _under_traffic(stack, places, 300 if quick else max(3000, 3 * size))
    report.add(
        f"{size} tenants: heaviest backend under random traffic to pages", "MB private", [heaviest],
        goal=f"≤ {MOST_MEGABYTES}", holds=lambda megabytes: megabytes <= MOST_MEGABYTES,
    )  # fmt: skip
    report.point("Heaviest backend, MB", "random traffic to pages", size, heaviest)
    weights = _touching_all(stack, places[:50])
    report.add(
        f"{size} tenants: a backend that touched every table of {len(weights)}", "MB private",
        [weights[-1]],
    )  # fmt: skip
    if len(weights) > 1:
        report.add(
            f"{size} tenants: what one more such tenant adds", "MB private",
            [after - before for before, after in pairwise(weights)],
        )  # fmt: skip


def _under_traffic(stack: Stack, places: list[Place], requests: int) -> float:
    """Return the most that any backend of the web weighed while its pages were opened at random."""
    from django.db import connections

    cookies = {place: session_of_owner(place) for place in places}
    connections.close_all()
    choose = at_random(7)
    visits = [(choose.choice(places), choose.choice(PAGES)) for _ in range(requests)]
    stack.start_part("web")
    try:
        with _weighing(stack) as seen, ThreadPoolExecutor(CLIENTS) as people:
            list(
                people.map(
                    lambda visit: _open(stack, visit[0], visit[1], cookies[visit[0]]), visits
                )
            )
    finally:
        stack.stop_part("web")
    assert seen, "the web had no backend to weigh"
    return max(seen)


def _open(stack: Stack, place: Place, page: str, cookie: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", stack.web_port, timeout=60)
    host = f"{place.host}:{stack.web_port}"
    connection.request("GET", page, headers={"Host": host, "Cookie": f"session={cookie}"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == http.client.OK, f"{host}{page} answered {answer.status}"


@contextmanager
def _weighing(stack: Stack) -> Iterator[list[float]]:
    """Weigh each backend of the web twice a second until the block ends, and once more then."""
    seen: list[float] = []
    ended = threading.Event()

    def look() -> None:
        with psycopg.connect(stack.database_url, autocommit=True) as database:
            while True:
                last = ended.wait(LOOK_SECONDS)
                for (pid,) in database.execute(BACKENDS).fetchall():
                    if megabytes := private_megabytes(pid):
                        seen.append(megabytes)
                if last:
                    return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def _touching_all(stack: Stack, places: list[Place]) -> list[float]:
    """Return what one backend weighs after touching every table of one tenant, of two, and so on."""
    weights = []
    with psycopg.connect(stack.database_url, autocommit=True) as database:
        tables = [
            name
            for (name,) in database.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = %s", [places[0].schema_name]
            ).fetchall()
        ]
        for place in places:
            for table in tables:
                named = sql.Identifier(place.schema_name, table)
                database.execute(sql.SQL("SELECT FROM {} LIMIT 1").format(named))
            weights.append(private_megabytes(database.info.backend_pid))
    return weights


def private_megabytes(pid: int) -> float:
    """Return what a process has allocated for itself, or 0 if it has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(kilobytes) for kilobytes in OWN.findall(text)) / 1024
