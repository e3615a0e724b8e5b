"""Ranges for exclusion constraints that need no extension of PostgreSQL.

Comparing plain integers in a GiST index takes btree_gist, whose operators live in public: a tenant's
search path, its own schema alone, doesn't reach them. A range's operators are PostgreSQL's own.
"""

from __future__ import annotations

from django.contrib.postgres.fields import BigIntegerRangeField, DateRangeField
from django.db.models import F, Func, Value


class OneKey(Func):
    """A range that holds one key: two overlap when the keys are the same."""

    function = "INT8RANGE"
    output_field = BigIntegerRangeField()

    def __init__(self, key: str) -> None:
        super().__init__(F(key), F(key), Value("[]"))


class Days(Func):
    """The days from the first to the last one, both included; without a last one, for ever."""

    function = "DATERANGE"
    output_field = DateRangeField()

    def __init__(self, first: str, last: str) -> None:
        super().__init__(F(first), F(last), Value("[]"))
