"""The way through a workspace: each app adds its page where it names its URLs."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise

# Between what people work with (10 to 50) and what a workspace is run by (from 100 on).
AFTER_THE_WORK = 90


@dataclass(frozen=True, kw_only=True)
class NavigationItem:
    """A page that the navigation may lead to: its URL's name, and the deed that opens it."""

    name: str
    title: str | Promise
    operation: str
    place: int


_ITEMS: dict[str, NavigationItem] = {}


def add_page(
    name: str, title: str | Promise, *, operation: str = "", place: int = AFTER_THE_WORK
) -> None:
    """Have the navigation lead whoever may do `operation` to the page of this URL's name."""
    _ITEMS[name] = NavigationItem(name=name, title=title, operation=operation, place=place)


def items() -> list[NavigationItem]:
    """Return all of them, in order."""
    return sorted(_ITEMS.values(), key=lambda each: each.place)
