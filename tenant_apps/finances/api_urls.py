"""What the tenant API serves for finances below another resource's address."""

from __future__ import annotations

from django.urls import path

from tenant_apps.finances.api import StatementViewSet

urlpatterns = [
    path(
        "apartments/<int:pk>/statement/",
        StatementViewSet.as_view({"get": "retrieve"}),
        name="statements-detail",
    ),
]
