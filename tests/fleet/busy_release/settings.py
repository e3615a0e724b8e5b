"""The settings of a release that changes tables in use, in ways that the code of before bears."""

from config import settings
from config.settings import *  # noqa: F403 - a release is the settings and one more app

TENANT_APPS = [*settings.TENANT_APPS, "tests.fleet.busy_release"]
INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.fleet.busy_release"]
