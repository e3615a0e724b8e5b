"""Pages of one's own account on a tenant's host."""

from __future__ import annotations

from django.urls import path

from public_apps.accounts.own import pages

urlpatterns = [
    path("", pages.profile_page, name="me-page"),
    path("devices/", pages.devices_page, name="devices-page"),
    path("devices/end/", pages.end_devices, name="end-devices"),
    path("keys/", pages.keys_page, name="keys-page"),
    path("keys/<int:pk>/revoke/", pages.revoke_key, name="revoke-key"),
]
