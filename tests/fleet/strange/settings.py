"""The settings of the small product, with one more tenant app."""

from tests.fleet.orchard.settings import *  # noqa: F403 - a release is the settings and one change
from tests.fleet.orchard.settings import INSTALLED_APPS as ORCHARDS_APPS

TENANT_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "tests.fleet.strange"]
INSTALLED_APPS = [*(app for app in ORCHARDS_APPS if app != "tests.fleet.orchard"), TENANT_APPS[-1]]
MIGRATION_MODULES = {"strange": "tests.fleet.strange.cases.late_key.migrations"}
