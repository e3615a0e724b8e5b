"""The worker process: how it ends."""

from __future__ import annotations

import signal
import time

from devstack.stack import Stack
from tests.customer import until


def test_a_worker_that_is_told_to_stop_ends_well(breakable: Stack) -> None:
    worker = breakable.running["worker"]

    worker.signal(signal.SIGTERM)

    assert until(lambda: worker.exit_code is not None, within=40)
    assert worker.exit_code == 0


def test_a_worker_whose_database_went_away_never_ends_as_if_all_were_well(
    breakable: Stack,
) -> None:
    """It may hold out, or end with a failure once the database is back: a platform restarts that."""
    worker = breakable.running["worker"]

    breakable.kill_part("postgres")
    time.sleep(10)
    breakable.start_part("postgres")
    time.sleep(15)

    assert worker.exit_code != 0
