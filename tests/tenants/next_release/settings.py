"""The settings of a release that brings one more tenant app."""

from config import settings
from config.settings import *  # noqa: F403 - a release is the settings and one more app

TENANT_APPS = [*settings.TENANT_APPS, "tests.tenants.next_release"]
INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.tenants.next_release"]
