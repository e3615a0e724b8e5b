"""Money's words in templates: `{% say situation sum=… %}`, and how often something is paid."""

from __future__ import annotations

from typing import Any

from django import template

from billing import intervals, words

register = template.Library()


@register.simple_tag
def say(situation: str, **facts: Any) -> str:
    """Return what people are told in a situation."""
    return words.say(words.Situation(situation), **facts)


@register.simple_tag
def say_of_debt(debt: dict[str, Any] | None) -> str:
    """Return what is still to be paid of a subscription that is cancelled, or that nothing is."""
    return words.say(**words.of_debt(debt))


@register.filter
def every(interval: str, count: int = 1) -> str:
    """Return how often something is paid: per month, every 3 months."""
    return intervals.every(interval, count)
