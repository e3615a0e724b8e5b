"""The settings of the next release: see the migrations in add_field/."""

from benchmarks.releases.before import *  # noqa: F403 - a release is the settings and one change

MIGRATION_MODULES = {"parcels": "benchmarks.releases.add_field.migrations"}
