"""The page of the workspace's settings."""

from __future__ import annotations

from django.urls import path

from public_apps.tenants.workspace.pages import settings_page

urlpatterns = [path("", settings_page, name="settings-page")]
