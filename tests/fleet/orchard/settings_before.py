"""The release before: it has planted trees, and none of the later changes."""

from tests.fleet.orchard.settings import *  # noqa: F403 - a release is the settings and one change

MIGRATION_MODULES = {"orchard": "tests.fleet.orchard.before.migrations"}
