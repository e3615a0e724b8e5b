"""The settings of the small product, with one more shared app."""

from tests.fleet.orchard import settings
from tests.fleet.orchard.settings import *  # noqa: F403 - a release is the settings and one change

SHARED_APPS = [*settings.SHARED_APPS, "tests.fleet.shared_change"]
INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.fleet.shared_change"]
