"""What the tenant API serves under /api/ for the end of a workspace."""

from __future__ import annotations

from django.urls import path

from public_apps.tenants.offboarding.api import DeletionView

urlpatterns = [
    path(
        "deletion/",
        DeletionView.as_view({"get": "retrieve", "post": "create", "delete": "destroy"}),
        name="deletion",
    )
]
