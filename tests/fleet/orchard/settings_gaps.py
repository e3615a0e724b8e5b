"""A release of columns that may be empty: there is no default, and so none of anybody's own."""

from tests.fleet.orchard.settings import *  # noqa: F403 - a release is the settings and one change

MIGRATION_MODULES = {"orchard": "tests.fleet.orchard.gaps.migrations"}
