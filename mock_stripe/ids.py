"""Ids that look like Stripe's."""

from __future__ import annotations

import random
import string

_ALPHABET = string.ascii_letters + string.digits
_RANDOM = random.SystemRandom()
# Older kinds of objects have 14 characters; newer ones 24, of which the first is a version.
_SHORT = {"cus", "prod", "si", "req"}
_LENGTHS = {"acct": 16, "cs_test": 58, "whsec": 32}


def new_id(prefix: str) -> str:
    """Return a fresh id of Stripe's look, such as `cus_…` or `cs_test_…`."""
    if prefix in _LENGTHS:
        return f"{prefix}_{_characters(_LENGTHS[prefix])}"
    if prefix in _SHORT:
        return f"{prefix}_{_characters(14)}"
    return f"{prefix}_1{_characters(23)}"


def _characters(count: int) -> str:
    return "".join(_RANDOM.choices(_ALPHABET, k=count))
