"""What the tenant API serves under /api/ for people: members, invitations, keys."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from public_apps.accounts.api_keys.api import ApiKeyViewSet
from public_apps.accounts.invitations.api import AcceptView, InvitationViewSet, PreviewView
from public_apps.accounts.members.api import MemberViewSet

router = SimpleRouter(use_regex_path=False)
router.register("members", MemberViewSet, basename="members")
router.register("invitations", InvitationViewSet, basename="invitations")
router.register("keys", ApiKeyViewSet, basename="keys")

urlpatterns: list[URLPattern | URLResolver] = [
    path("invitations/preview/", PreviewView.as_view(), name="invitations-preview"),
    path("invitations/accept/", AcceptView.as_view(), name="invitations-accept"),
    *router.urls,
]
