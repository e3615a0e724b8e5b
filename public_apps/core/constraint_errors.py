"""The database's own refusals, told as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from public_apps.core.errors import Problem


@contextmanager
def refused_as(**problems: Problem) -> Iterator[None]:
    """Raise the problem that stands for the constraint which a write inside breaks.

    In a savepoint of its own, so the caller's transaction goes on. A constraint without a problem
    here is an error of ours and stays one.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        if name not in problems:
            raise
        raise problems[name] from error
