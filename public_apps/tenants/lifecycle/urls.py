"""Pages under /settings/delete/."""

from __future__ import annotations

from django.urls import path

from public_apps.tenants.lifecycle import pages

urlpatterns = [
    path("", pages.deletion_page, name="deletion-page"),
    path("undo/", pages.undo_page, name="undo-deletion"),
]
