"""Pages of one's own account on a tenant's host."""

from __future__ import annotations

from django.urls import path

from public_apps.accounts.profile import views

urlpatterns = [
    path("", views.profile_page, name="me-page"),
    path("devices/", views.devices_page, name="devices-page"),
    path("devices/end/", views.end_devices, name="end-devices"),
    path("keys/", views.keys_page, name="keys-page"),
    path("keys/<int:pk>/revoke/", views.revoke_key, name="revoke-key"),
]
