"""Sign-in pages of a tenant's host: allauth's views by name, our own for setting a password."""

from __future__ import annotations

from allauth.account import views as allauth_views
from django.urls import path

from public_apps.accounts import views
from public_apps.accounts.invitations import pages as invitation_pages

urlpatterns = [
    path("login/", allauth_views.login, name="account_login"),
    path("logout/", allauth_views.logout, name="account_logout"),
    path("inactive/", allauth_views.account_inactive, name="account_inactive"),
    path("signup/", allauth_views.signup, name="account_signup"),
    path("reauthenticate/", allauth_views.reauthenticate, name="account_reauthenticate"),
    path("password/reset/", allauth_views.password_reset, name="account_reset_password"),
    path(
        "password/reset/done/",
        allauth_views.password_reset_done,
        name="account_reset_password_done",
    ),
    path("set-password/<str:key>/", views.set_password, name="set-password"),
    path("invitation/<str:key>/", invitation_pages.invitation, name="invitation"),
]
