"""Patterns that meet strangers' text take time in proportion to it, whatever it is."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise, product
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.validators import RegexValidator
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

import billing
import public_apps
import staff
import tenant_apps
import website
from public_apps.core import scrubbing

# What reads settings, in `config`, meets nobody's text but ours.
ROOMS = (billing, public_apps, staff, tenant_apps, website)
# Functions of `re` whose first word is a pattern.
DIRECT = frozenset(
    {"match", "search", "sub", "subn", "fullmatch", "split", "findall", "finditer", "compile"}
)
MADE = {"public_apps.core.scrubbing._known", "public_apps.core.scrubbing._paths"}
Patterns = dict[str, re.Pattern[Any]]
SIZES = (100, 1_000, 10_000)
TOO_QUICK_TO_JUDGE = 0.02  # seconds; fifty million steps, as of a square, take far longer
LINEAR_WITH_PATIENCE = 40  # times as long for ten times the text; a square would take a hundred
ENDINGS = ("", ":", "@", "!", " x")
UNITS = (
    "a", "A", "0", "-", "_", ".", " ", "/", "=", "\\", '"', "'", "a.", "a-", "a@", "a:", "a/", "a ",
    "://a:", "a@a.", "\n", "é", "[",
)  # fmt: skip


def _modules() -> Iterator[ModuleType]:
    for package in ROOMS:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in found.name:
                yield importlib.import_module(found.name)


def _patterns() -> Patterns:
    """Return every pattern of ours that outside text may meet, by where it stands; each text once.

    Not what is made as the process goes on: of secrets, which no test's name shows, and of paths.
    """
    written: Patterns = {}
    held: Patterns = {"paths": _of_paths()}
    for module in _modules():
        written |= _written(module)
        held |= _held(module.__name__, vars(module), module)
    for urlconf in (settings.PUBLIC_SCHEMA_URLCONF, settings.TENANT_URLCONF):
        held |= {f"route {each.pattern}": each for each in _of_routes(get_resolver(urlconf))}
    for text in (settings.CORS_URLS_REGEX, *settings.CORS_ALLOWED_ORIGIN_REGEXES):
        held[f"settings {text}"] = re.compile(text)
    # By the name that holds it, if there is one.
    found = {**written, **held, **_of_columns()}
    once = {(each.pattern, each.flags): where for where, each in found.items() if where not in MADE}
    return {where: found[where] for where in sorted(once.values())}


def _held(where: str, holder: Mapping[str, Any], module: ModuleType) -> Patterns:
    """Return the compiled patterns that a module's names hold, in classes and containers, too."""
    found: Patterns = {}
    for word, value in list(holder.items()):
        for number, each in enumerate(_inside(value)):
            if isinstance(each, re.Pattern) and isinstance(each.pattern, str):
                found[f"{where}.{word} {number}".removesuffix(" 0")] = each
        if inspect.isclass(value) and value.__module__ == module.__name__:
            found |= _held(f"{where}.{word}", vars(value), module)
    return found


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return value
    return [value]


def _written(module: ModuleType) -> Patterns:
    """Return the patterns that functions hand to `re` as they stand in the source."""
    calls = (each for each in ast.walk(_source(module)) if _is_direct(each))
    literals = (call.args[0] for call in calls if isinstance(call, ast.Call) and call.args)
    texts = (
        each.value
        for each in literals
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    )
    return {f"{module.__name__} {text[:60]}": re.compile(text) for text in texts}


def _source(module: ModuleType) -> ast.Module:
    assert module.__file__
    return ast.parse(Path(module.__file__).read_text())


def _is_direct(node: ast.AST) -> bool:
    call = node.func if isinstance(node, ast.Call) else None
    is_re = isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name)
    return is_re and call.value.id == "re" and call.attr in DIRECT  # type: ignore[union-attr]


def _of_columns() -> Patterns:
    ours = tuple(f"{room.__name__}." for room in ROOMS)
    return {
        f"{model.__name__}.{field.name}": re.compile(rule.regex)
        for model in apps.get_models()
        if model.__module__.startswith(ours)
        for field in model._meta.fields
        for rule in field.validators
        if isinstance(rule, RegexValidator)
    }


def _of_routes(resolver: URLResolver) -> Iterator[re.Pattern[str]]:
    for each in resolver.url_patterns:
        if isinstance(each.pattern, RegexPattern):  # a `path()` has converters alone
            yield re.compile(each.pattern.regex.pattern)
        if isinstance(each, URLResolver):
            yield from _of_routes(each)
        else:
            assert isinstance(each, URLPattern)


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


def test_patterns_are_found_wherever_they_stand() -> None:
    found = " ".join(_patterns())
    for piece in (
        "core.scrubbing.NAMED", "paths", "core.names.SPACES", "route ", "settings ^/(api|",
        "billing.documents.month", "core.storable_text",
    ):  # fmt: skip
        assert piece in found, piece


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
