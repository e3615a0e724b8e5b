"""A system made once: each copy begins where the original was left, and goes its own way."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from devstack import template
from devstack.stack import Stack
from devstack.template_data import Template

Maker = Callable[[], Template]


def rows(stack: Stack) -> list[int]:
    """Return what stands in the table that the original was given."""
    with psycopg.connect(stack.database_url) as connection:
        return [value for (value,) in connection.execute("SELECT value FROM kept ORDER BY 1")]


def add(stack: Stack, value: int) -> None:
    with psycopg.connect(stack.database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
        connection.execute("INSERT INTO kept VALUES (%s)", [value])


@pytest.fixture
def made(tmp_path: Path, outside: dict[str, str]) -> tuple[Maker, list[Stack]]:
    """Ask for a template with one row; also, who was asked to prepare it."""
    asked: list[Stack] = []

    def prepare(stack: Stack) -> None:
        asked.append(stack)
        add(stack, 1)

    return lambda: template.made(tmp_path / "original", environ=outside, prepare=prepare), asked


def test_copies_begin_where_the_original_ended_and_share_nothing(
    tmp_path: Path, outside: dict[str, str], made: tuple[Maker, list[Stack]]
) -> None:
    make, _asked = made
    for number in (2, 3):
        with Stack(tmp_path / str(number), environ=outside, template=make()) as copy:
            copy.start_part("postgres")
            copy.start_part("mock_stripe")
            add(copy, number)
            assert rows(copy) == [1, number]
            copy.restart_part("postgres")
            assert rows(copy) == [1, number], "a copy that starts again is not copied again"


def test_many_who_ask_at_once_wait_for_the_first(made: tuple[Maker, list[Stack]]) -> None:
    make, asked = made
    with ThreadPoolExecutor(3) as pool:
        [*given] = pool.map(lambda _number: make(), range(3))
    assert given[0] == given[1] == given[2]
    assert len(asked) == 1


def test_one_that_was_cut_off_is_made_anew(tmp_path: Path, made: tuple[Maker, list[Stack]]) -> None:
    make, asked = made
    make()
    (tmp_path / "original" / template.MARK).unlink()  # it is written last
    make()
    assert len(asked) == 2


def test_one_of_another_is_made_from_its_copy(
    tmp_path: Path, outside: dict[str, str], made: tuple[Maker, list[Stack]]
) -> None:
    make, _asked = made
    second = template.made(
        tmp_path / "second", environ=outside, prepare=lambda stack: add(stack, 2), original=make
    )
    with Stack(tmp_path / "copy", environ=outside, template=second) as copy:
        copy.start_part("postgres")
        assert rows(copy) == [1, 2]


def test_what_other_code_made_is_removed(tmp_path: Path) -> None:
    ours = template.shelf(tmp_path)
    (ours / "kept").touch()
    (tmp_path / "of-yesterday").mkdir()
    assert template.shelf(tmp_path) == ours
    assert [path.name for path in tmp_path.iterdir()] == [ours.name]
    assert (ours / "kept").exists()
