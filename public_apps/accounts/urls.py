"""Pages of a person's own account on a tenant's host: allauth's views by name, and our own."""

from __future__ import annotations

from allauth.account import views as allauth_views
from django.urls import include, path
from django.views.decorators.cache import never_cache
from django.views.generic import RedirectView

from public_apps.accounts import views
from public_apps.accounts.invitations import views as invitation_pages

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
    path("password/change/", allauth_views.password_change, name="account_change_password"),
    path("set-password/<credential:key>/", views.set_password, name="set-password"),
    path("email/", allauth_views.email, name="account_email"),
    path(
        "confirm-email/<credential:key>/",
        never_cache(allauth_views.confirm_email),
        name="account_confirm_email",
    ),
    # allauth's own list needs more than we install, and the devices' page says the same.
    path("sessions/", RedirectView.as_view(pattern_name="devices-page"), name="usersessions_list"),
    path("2fa/", include("allauth.mfa.urls")),
    path("invitation/<credential:key>/", invitation_pages.invitation, name="invitation"),
]
