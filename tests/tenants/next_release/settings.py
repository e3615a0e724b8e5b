"""The settings of a release that brings one more tenant migration."""

from config.settings import *  # noqa: F403 - a release is the settings and one change

MIGRATION_MODULES = {"home": "tests.tenants.next_release.migrations"}
