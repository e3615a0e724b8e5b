"""The way through a workspace: what somebody of this role may open."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from public_apps.accounts.navigation import NavigationItem, add_page, items
from public_apps.accounts.view_decorators import has_permission

register = template.Library()


add_page("home", _("Home"), place=0)
add_page("members-page", _("Members"), operation="invitations.list", place=100)
add_page("settings-page", _("Settings"), operation="workspace.partial_update", place=110)
add_page("billing-page", _("Subscription"), operation="subscription.retrieve", place=120)


@register.simple_tag(takes_context=True)
def places(context: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the pages that whoever asks may open, and which of them is open."""
    request: HttpRequest = context["request"]
    open_to = [
        place
        for place in items()
        if not place.operation or has_permission(request, place.operation)
    ]
    return [shown for place in open_to if (shown := _shown(place, request))]


def _shown(place: NavigationItem, request: HttpRequest) -> dict[str, Any] | None:
    try:
        url = reverse(place.name)
    except NoReverseMatch:  # a page that this installation doesn't have
        return None
    here = request.path == url if url == "/" else request.path.startswith(url)
    return {"url": url, "title": place.title, "here": here}
