"""The settings of a worker that knows the unruly jobs, and notices a dead neighbour sooner."""

import os

from config.settings import *  # noqa: F403 - all as it is, and one app more
from public_apps.core import jobs

INSTALLED_APPS = [*INSTALLED_APPS, "tests.core.unruly"]  # noqa: F405 - from the star
jobs.HEARTBEAT_SECONDS = 1.0
jobs.SILENT_AFTER_SECONDS = float(os.environ.get("UNRULY_SILENCE", "4"))
