"""The way through a workspace: what somebody of this role may open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from public_apps.accounts.view_decorators import has_permission

register = template.Library()


@dataclass(frozen=True)
class NavigationItem:
    """A page that the navigation may lead to: its URL's name, and the deed that opens it."""

    name: str
    title: str | Promise
    operation: str = ""


PLACES = (
    NavigationItem("home", _("Home")),
    NavigationItem("buildings-page", _("Buildings"), "buildings.list"),
    NavigationItem("finances-page", _("Finances"), "periods.list"),
    NavigationItem("requests-page", _("Requests"), "requests.list"),
    NavigationItem("announcements-page", _("Announcements"), "announcements.list"),
    NavigationItem("votes-page", _("Votes"), "votes.list"),
    NavigationItem("members-page", _("Members"), "invitations.list"),
    NavigationItem("settings-page", _("Settings"), "workspace.partial_update"),
    NavigationItem("billing-page", _("Subscription"), "subscription.retrieve"),
)


@register.simple_tag(takes_context=True)
def places(context: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the pages that whoever asks may open, and which of them is open."""
    request: HttpRequest = context["request"]
    open_to = [
        place for place in PLACES if not place.operation or has_permission(request, place.operation)
    ]
    return [shown for place in open_to if (shown := _shown(place, request))]


def _shown(place: NavigationItem, request: HttpRequest) -> dict[str, Any] | None:
    try:
        url = reverse(place.name)
    except NoReverseMatch:  # a page that this installation doesn't have
        return None
    here = request.path == url if url == "/" else request.path.startswith(url)
    return {"url": url, "title": place.title, "here": here}
