"""A release whose defaults are odd objects, and another one in each tenant."""

from tests.fleet.orchard.settings import *  # noqa: F403 - a release is the settings and one change

MIGRATION_MODULES = {"orchard": "tests.fleet.orchard.odd.migrations"}
