"""Pages about members on a tenant's host."""

from __future__ import annotations

from django.urls import path

from public_apps.accounts.people import views

urlpatterns = [
    path("", views.list_page, name="members-page"),
    path("invite/", views.invite_page, name="invite-page"),
    path("invitations/<int:pk>/<slug:verb>/", views.invitation_page, name="invitation-action"),
    path("<int:pk>/", views.member_page, name="member-page"),
    path("<int:pk>/<slug:verb>/", views.ask_page, name="member-ask"),
]
