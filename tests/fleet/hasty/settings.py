"""The settings of a small product whose tenants keep a visitors' book, and its migrations alone."""

from tests.fleet.orchard.settings import *  # noqa: F403 - a release is the settings and one change
from tests.fleet.orchard.settings import SHARED_APPS as ORCHARDS_SHARED_APPS

TENANT_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "tests.fleet.hasty"]
INSTALLED_APPS = [*ORCHARDS_SHARED_APPS, "tests.fleet.hasty"]
