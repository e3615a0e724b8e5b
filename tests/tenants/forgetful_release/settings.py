"""The settings of a release that leaves a schema without one of its migrations, and no error."""

from config import settings
from config.settings import *  # noqa: F403 - a release is the settings and one more app

TENANT_APPS = [*settings.TENANT_APPS, "tests.tenants.forgetful_release"]
INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.tenants.forgetful_release"]
