"""A product with a framework of sites in its tenants, and with strangers who listen to migrations."""

from tests.fleet.strange.settings import *  # noqa: F403 - a release is the settings and one change
from tests.fleet.strange.settings import INSTALLED_APPS as STRANGE_APPS
from tests.fleet.strange.settings import TENANT_APPS as STRANGE_TENANTS

TENANT_APPS = [*STRANGE_TENANTS, "django.contrib.sites", "tests.fleet.strangers"]
INSTALLED_APPS = [*STRANGE_APPS, "django.contrib.sites", "tests.fleet.strangers"]
SITE_ID = 1
