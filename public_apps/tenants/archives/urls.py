"""Pages under /settings/export/."""

from __future__ import annotations

from django.urls import path

from public_apps.tenants.archives import pages

urlpatterns = [
    path("", pages.export_page, name="export-page"),
    path("archive/", pages.archive_page, name="export-archive"),
    path("link/", pages.link_page, name="export-link"),
]
