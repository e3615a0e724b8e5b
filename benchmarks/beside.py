"""Our settings with two views, and beside our database connection one that knows no tenants."""

from config.settings import *  # noqa: F403 - the product's, but for what is said here
from config.settings import DATABASES

DATABASES = {
    **DATABASES,
    "plain": {**DATABASES["default"], "ENGINE": "django.db.backends.postgresql"},
}
ROOT_URLCONF = PUBLIC_SCHEMA_URLCONF = TENANT_URLCONF = "benchmarks.views"
