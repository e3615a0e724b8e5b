"""Pages under /settings/export/."""

from __future__ import annotations

from django.urls import path

from public_apps.tenants.archives import views

urlpatterns = [
    path("", views.export_page, name="export-page"),
    path("archive/", views.archive_page, name="export-archive"),
    path("link/", views.link_page, name="export-link"),
]
