"""What a value in the shared cache is called: with its schema, unless it counts a stranger's tries."""

from __future__ import annotations

import re

from django_tenants.cache import make_key as key_of_schema

EVERYWHERE = "everywhere:"
# allauth's own counts by address, such as of password resets. What it counts by account or person is a
# tenant's: the same address may belong to somebody in several of them.
BY_ADDRESS = re.compile(r"allauth:rl:[^:]{1,50}:[^:]{1,50}:[^:]{1,100}:ip:")


def make_key(key: str, key_prefix: str, version: int) -> str:
    """Return the full key: whoever tries at one tenant after the other has no more tries for it."""
    if key.startswith(EVERYWHERE) or BY_ADDRESS.match(key):
        return f"{key_prefix}:{version}:{key}"
    name: str = key_of_schema(key, key_prefix, version)
    return name
