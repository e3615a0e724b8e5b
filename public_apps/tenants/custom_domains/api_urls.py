"""What the tenant API serves under /api/ for a workspace's addresses."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from public_apps.tenants.custom_domains.api import DomainViewSet, SubdomainView

router = SimpleRouter(use_regex_path=False)
router.register("domains", DomainViewSet, basename="domains")

urlpatterns = [
    path(
        "subdomain/",
        SubdomainView.as_view({"get": "retrieve", "post": "create"}),
        name="subdomain",
    ),
    path(
        "subdomain/make-primary/",
        SubdomainView.as_view({"post": "make_primary"}),
        name="subdomain-make-primary",
    ),
    *router.urls,
]
