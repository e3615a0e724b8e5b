"""A release of columns alone: what one tenant's took as text is all that the others need."""

from tests.fleet.orchard.settings import *  # noqa: F403 - a release is the settings and one change

MIGRATION_MODULES = {"orchard": "tests.fleet.orchard.plain.migrations"}
