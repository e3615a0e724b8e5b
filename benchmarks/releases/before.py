"""The settings of the release that is running."""

from config.settings import *  # noqa: F403 - a release is the settings and one change
from config.settings import INSTALLED_APPS, TENANT_APPS

TENANT_APPS = [*TENANT_APPS, "benchmarks.parcels"]
INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.parcels"]
