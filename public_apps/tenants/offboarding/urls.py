"""Pages under /settings/delete/."""

from __future__ import annotations

from django.urls import path

from public_apps.tenants.offboarding import views

urlpatterns = [
    path("", views.deletion_page, name="deletion-page"),
    path("undo/", views.undo_page, name="undo-deletion"),
]
