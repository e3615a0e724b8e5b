"""The settings of the next release: see the migrations in mixed/."""

from benchmarks.releases.before import *  # noqa: F403 - a release is the settings and one change

MIGRATION_MODULES = {"parcels": "benchmarks.releases.mixed.migrations"}
