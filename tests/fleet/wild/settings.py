"""The settings of the small product, with one more tenant app."""

from tests.fleet.orchard.settings import *  # noqa: F403 - a release is the settings and one change
from tests.fleet.orchard.settings import INSTALLED_APPS as ORCHARDS_APPS

_KEPT = ["django.contrib.contenttypes", "django.contrib.auth"]
TENANT_APPS = [*_KEPT, "tests.fleet.wild"]
INSTALLED_APPS = [*(app for app in ORCHARDS_APPS if app != "tests.fleet.orchard"), TENANT_APPS[-1]]
