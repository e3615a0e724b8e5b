"""The settings of a release that leaves a schema without one of its migrations, and no error."""

from config.settings import *  # noqa: F403 - a release is the settings and one change

MIGRATION_MODULES = {"home": "tests.tenants.forgetful_release.migrations"}
