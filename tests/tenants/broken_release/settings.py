"""The settings of a release whose last tenant migration breaks."""

from config import settings
from config.settings import *  # noqa: F403 - a release is the settings and one more app

TENANT_APPS = [*settings.TENANT_APPS, "tests.tenants.broken_release"]
INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.tenants.broken_release"]
