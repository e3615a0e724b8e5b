"""The settings of a small product, whose tenants keep orchards and nothing else."""

from config.settings import *  # noqa: F403 - a release is the settings and one change
from config.settings import SHARED_APPS as OUR_SHARED_APPS

_SELLING = {
    "billing",
    "config",
    "public_apps.onboarding",
    "staff",
    "website",
}
SHARED_APPS = [app for app in OUR_SHARED_APPS if app not in _SELLING]
TENANT_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "tests.fleet.orchard"]
INSTALLED_APPS = [*SHARED_APPS, "tests.fleet.orchard"]
