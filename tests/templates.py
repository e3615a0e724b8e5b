"""The systems that tests start copies of: made once a run, by whichever test asks first."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from devstack import environment, template
from devstack.stack import Stack
from devstack.template_data import Template

FILL_THE_POOL = """
from public_apps.tenants import pool
while pool.add_one():
    pass
"""


def at_head() -> Template:
    """Return a database to which a release has been applied, and nothing else."""
    return _made("at-head", Stack.release)


def selling() -> Template:
    """Return a system at head with its plans at the mock Stripe, and its pool of spares full."""
    return _made("selling", _ready_to_sell, original=at_head)


@contextmanager
def own_system(folder: Path, **settings: str) -> Iterator[Stack]:
    """Run a whole system on a PostgreSQL of its own, ready to sell, with these settings."""
    with ready_to_sell(folder, **settings) as stack:
        yield stack


def ready_to_sell(folder: Path, **settings: str) -> Stack:
    """Start such a system, which whoever asks for it closes."""
    # Each customer has an address (tests/customer.py), which somebody must hand on.
    ours = {"CHECKOUT_RATE": "6000/min", "TRUSTED_PROXIES": "1"}
    given = {**environment.for_a_system(os.environ), **ours, **settings}
    stack = Stack(folder, environ=given, template=selling())
    try:
        stack.start()
    except BaseException:
        stack.close()
        raise
    return stack


def _ready_to_sell(stack: Stack) -> None:
    stack.command("plans", "plans", "push")
    stack.command("pool", "shell", "-v0", "-c", FILL_THE_POOL)


def _made(
    name: str, prepare: template.Preparation, original: Callable[[], Template] | None = None
) -> Template:
    return template.made(
        Path(os.environ[environment.TEMPLATES]) / name,
        environ=environment.for_a_system(os.environ),
        prepare=prepare,
        original=original,
    )
