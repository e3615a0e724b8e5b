"""Pages about members on a tenant's host."""

from __future__ import annotations

from django.urls import path

from public_apps.accounts.members import pages

urlpatterns = [
    path("", pages.list_page, name="members-page"),
    path("invite/", pages.invite_page, name="invite-page"),
    path("invitations/<int:pk>/<slug:verb>/", pages.invitation_page, name="invitation-deed"),
    path("<int:pk>/", pages.member_page, name="member-page"),
    path("<int:pk>/<slug:verb>/", pages.ask_page, name="member-ask"),
]
