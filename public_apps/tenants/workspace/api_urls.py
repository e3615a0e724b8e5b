"""What the tenant API serves under /api/ for the workspace itself."""

from __future__ import annotations

from django.urls import path

from public_apps.tenants.workspace.api import WorkspaceView

urlpatterns = [
    path(
        "workspace/",
        WorkspaceView.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="workspace",
    )
]
