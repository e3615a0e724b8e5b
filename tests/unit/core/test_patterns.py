"""Patterns that meet strangers' text take time in proportion to it, whatever it is."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from itertools import pairwise, product

import pytest

import billing
import public_apps
import tenant_apps
from public_apps.core import scrubbing

# The stand-in for Stripe meets nobody's text but ours; neither does what reads settings, in `config`.
APART = ("mock_stripe",)
SIZES = (100, 1_000, 10_000)
TOO_QUICK_TO_JUDGE = 0.02  # seconds; fifty million steps, as of a square, take far longer
LINEAR_WITH_PATIENCE = 40  # times as long for ten times the text; a square would take a hundred
ENDINGS = ("", ":", "@", "!", " x")
UNITS = (
    "a", "A", "0", "-", "_", ".", " ", "/", "=", "\\", '"', "'", "a.", "a-", "a@", "a:", "a/", "a ",
    "://a:", "a@a.", "\n", "é", "[",
)  # fmt: skip


def _modules() -> Iterator[str]:
    for package in (billing, public_apps, tenant_apps):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in found.name and not found.name.startswith(APART):
                yield found.name


def _patterns() -> dict[str, re.Pattern[str]]:
    """Return every compiled pattern of ours, by where it stands."""
    named = {
        f"{name}.{word}": value
        for name in _modules()
        for word, value in vars(importlib.import_module(name)).items()
        if isinstance(value, re.Pattern)
    }
    return {**named, "paths": _of_paths()}


def _of_paths() -> re.Pattern[str]:
    scrubbing.know_paths({"accounts/invitation/", r"accounts/set\-password/"})
    assert scrubbing._paths is not None
    return scrubbing._paths


def _texts(pattern: re.Pattern[str], size: int) -> Iterator[tuple[str, str]]:
    """Yield texts of about this size that begin, go on and end as the pattern might like them to."""
    words = sorted(set(re.findall(r"[A-Za-z]{2,}(?:[-_/][A-Za-z]+)*", pattern.pattern)))
    repeated = [each for word in words for each in (word, f"{word}-", f"{word}:")]
    for opening, units in {"": (*UNITS, *repeated), **dict.fromkeys(words, UNITS)}.items():
        for unit, ending in product(units, ENDINGS):
            text = opening + unit * (size // len(unit)) + ending
            yield f"{opening!r} + {unit!r} * n + {ending!r}", text


def _seconds(pattern: re.Pattern[str], text: str, *, tries: int = 1) -> float:
    """Return the processor's time of the quickest try: on a busy machine clocks tell of others."""
    spent = []
    for _ in range(tries):
        began = time.thread_time()
        for _found in pattern.finditer(text):
            pass
        spent.append(time.thread_time() - began)
    return min(spent)


@pytest.mark.parametrize("name", sorted(_patterns()))
def test_ten_times_the_text_takes_about_ten_times_as_long(name: str) -> None:
    pattern = _patterns()[name]
    for shorter, longer in pairwise(SIZES):  # a cube would not end at the longest
        for (_made, text), (made, more) in zip(
            _texts(pattern, shorter), _texts(pattern, longer), strict=True
        ):
            if _seconds(pattern, more) > TOO_QUICK_TO_JUDGE:
                assert not _grows_faster(pattern, text, more), f"{made} at {longer}"


def _grows_faster(pattern: re.Pattern[str], text: str, more: str) -> bool:
    """Whether ten times the text takes far more than ten times as long, however often it is tried."""
    least = LINEAR_WITH_PATIENCE * _seconds(pattern, text, tries=20)
    return all(_seconds(pattern, more) > least for _ in range(10))


def test_a_long_text_keeps_its_beginning_and_its_end_and_no_half_of_a_secret() -> None:
    secret = "sk_live_51Habc123XYZ" * 20
    for before in range(scrubbing.LONGEST // 2 - len(secret) - 8, scrubbing.LONGEST // 2 + 8, 7):
        text = f"first {'.' * before} {secret} {'.' * scrubbing.LONGEST} last"
        for written in (text, text[::-1].replace(secret[::-1], secret)):
            clean = str(scrubbing.scrub(written))
            assert len(clean) <= scrubbing.LONGEST
            assert "51Habc" not in clean
    clean = str(scrubbing.scrub(f"first {'.' * 10 * scrubbing.LONGEST} last"))
    assert clean.startswith("first")
    assert clean.endswith("last")


def test_sizes_are_such_that_a_square_is_seen() -> None:
    square = re.compile(r"[a-z]+@")
    texts = ["a" * size for size in SIZES]
    assert _seconds(square, texts[-1]) > TOO_QUICK_TO_JUDGE
    assert _grows_faster(square, *texts[-2:])
