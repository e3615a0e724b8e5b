"""The pages of the workspace's settings."""

from __future__ import annotations

from django.urls import path

from public_apps.tenants.workspace.views import log_page, settings_page

urlpatterns = [
    path("", settings_page, name="settings-page"),
    path("log/", log_page, name="log-page"),
]
