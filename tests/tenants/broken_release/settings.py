"""The settings of a release whose last tenant migration breaks."""

from config.settings import *  # noqa: F403 - a release is the settings and one change

MIGRATION_MODULES = {"home": "tests.tenants.broken_release.migrations"}
