"""The same as in the release before."""

from importlib import import_module

Migration = import_module("tests.fleet.orchard.before.migrations.0001_initial").Migration
