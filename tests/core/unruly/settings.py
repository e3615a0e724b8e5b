"""The settings of a worker that knows the unruly jobs, and notices a dead neighbour sooner."""

from config.settings import *  # noqa: F403 - all as it is, and one app more
from public_apps.core import jobs

INSTALLED_APPS = [*INSTALLED_APPS, "tests.core.unruly"]  # noqa: F405 - from the star
jobs.HEARTBEAT_SECONDS, jobs.SILENT_AFTER_SECONDS = 1.0, 4.0
