"""Ports of one run: each part has its own, though none listens yet when they are chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from devstack import ports
from devstack.environment import PORT_NAMES
from devstack.stack import Stack


@pytest.mark.parametrize("again", range(5))
def test_no_two_parts_of_a_run_get_one_port_however_few_there_are(
    tmp_path: Path, outside: dict[str, str], again: int
) -> None:
    first = ports.free()
    span = f"{first}-{min(first + len(PORT_NAMES) + 3, ports.LAST - 1)}"
    stack = Stack(tmp_path / f"state-{again}", environ={**outside, ports.SPAN: span})
    try:
        chosen = list(stack._port.values())
        assert len(chosen) == len(set(chosen)) >= 5
    finally:
        stack.discard()


def test_what_somebody_asks_for_is_given_to_nobody_else(
    tmp_path: Path, outside: dict[str, str]
) -> None:
    asked = ports.free()
    span = f"{asked}-{asked + len(PORT_NAMES) + 3}"
    given = {**outside, ports.SPAN: span, "MAIL_PAGE_PORT": str(asked)}
    stack = Stack(tmp_path / "state", environ=given)
    try:
        assert [part for part, port in stack._port.items() if port == asked] == ["mail_page"]
    finally:
        stack.discard()
