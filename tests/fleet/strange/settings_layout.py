"""A layout that django-tenants documents: content types and an extension in public's part alone."""

from tests.fleet.strange.settings import *  # noqa: F403 - a release is the settings and one change

TENANT_APPS = ["django.contrib.auth", "tests.fleet.strange"]
PG_EXTRA_SEARCH_PATHS = ["extensions"]
TENANT_MIGRATIONS_SEE_PUBLIC = True
MIGRATION_MODULES = {"strange": "tests.fleet.strange.cases.opclass.migrations"}
