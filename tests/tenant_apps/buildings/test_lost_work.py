"""Long work whose connection, worker or luck is lost: it goes on, or ends with words."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import connection

from public_apps.core.schema_context import inside
from public_apps.core.tasks import rescue_stalled_jobs
from tenant_apps.buildings.models import Apartment
from tests.core.unruly_worker import eventually, working
from tests.core.web_stack import WebStack
from tests.tenant_api.populated_workspace import PopulatedWorkspace

MANY = 1_500
TERMINATE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'concierge worker'
"""


def send(populated: PopulatedWorkspace, lines: int, *, status: int = 202) -> str:
    """Send a file of so many apartments and return the work's id."""
    rows = "".join(f"L{number},1,50,0\n" for number in range(lines))
    path = f"/api/buildings/{populated.building.pk}/import-apartments/"
    content = f"number,floor,area,mills\n{rows}"
    return str(populated.manager.post(path, {"content": content}, status=status)["id"])


def shown(populated: PopulatedWorkspace, work: str) -> dict[str, Any]:
    """Return the work as people see it."""
    told: dict[str, Any] = populated.manager.get(f"/api/work/{work}/")
    return told


def count(populated: PopulatedWorkspace) -> int:
    """Return how many of the file's apartments there are."""
    with inside(populated.schema):
        return Apartment.objects.filter(building=populated.building, number__startswith="L").count()


@pytest.mark.parametrize("times", [1, 2])
def test_an_import_whose_connections_are_cut_is_done_all_the_same(
    web_stack: WebStack, populated: PopulatedWorkspace, times: int
) -> None:
    work = send(populated, MANY)
    with working(web_stack, "--concurrency", "1"):
        for time in range(times):
            least = MANY // 10 * (time + 1)
            eventually(lambda: shown(populated, work)["steps_done"] >= least)  # noqa: B023 - called at once
            with psycopg.connect(web_stack.stack.database_url) as session:
                assert session.execute(TERMINATE).fetchall()
        eventually(lambda: shown(populated, work)["status"] == "done")
    assert count(populated) == MANY


def test_an_import_that_kills_every_worker_ends_with_words_and_can_be_asked_for_again(
    populated: PopulatedWorkspace,
) -> None:
    work = send(populated, 2)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL, attempts = 5"
            " WHERE args->>'work_id' = %s",
            [work],
        )
    rescue()
    told = shown(populated, work)
    assert told["status"] == "refused"
    assert "please try again" in told["report"][0]["detail"]
    assert count(populated) == 0
    assert send(populated, 2) != work


def rescue() -> None:
    """Rescue as a worker does: in a thread where no event loop runs."""

    def work() -> None:
        try:
            rescue_stalled_jobs(timestamp=0)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()
