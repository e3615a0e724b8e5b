"""What a tenant's host serves, and `X-Tenant-Host` for /api/ and /_allauth/."""

from __future__ import annotations

from django.urls import include, path

from config import tenant_routes
from config.urls_docs import docs
from public_apps.accounts.api import MeView
from public_apps.accounts.reset_api import ResetView
from public_apps.tenants.workspace.audit_api import AuditView

urlpatterns = [
    path("", include("tenant_apps.home.urls")),
    path("accounts/", include("public_apps.accounts.urls")),
    path("_allauth/app/v1/auth/password/reset", ResetView.as_api_view(client="app")),
    path("_allauth/", include("allauth.headless.urls")),
    path("", include("billing.owners.urls")),
    path("api/me/", MeView.as_view(), name="me"),
    path("api/", include("public_apps.accounts.api_urls")),
    path("api/", include("public_apps.tenants.workspace.api_urls")),
    path("api/", include("public_apps.tenants.custom_domains.api_urls")),
    path("api/", include("public_apps.tenants.archives.api_urls")),
    path("api/", include("public_apps.tenants.offboarding.api_urls")),
    path("api/", include(tenant_routes.of_api())),
    path("members/", include("public_apps.accounts.people.urls")),
    path("settings/", include("public_apps.tenants.workspace.urls")),
    path("settings/me/", include("public_apps.accounts.profile.urls")),
    path("settings/domains/", include("public_apps.tenants.custom_domains.urls")),
    path("settings/export/", include("public_apps.tenants.archives.urls")),
    path("settings/delete/", include("public_apps.tenants.offboarding.urls")),
    *tenant_routes.of_pages(),
    path("api/", include(docs("config.urls_tenant"))),
    path("api/audit/", AuditView.as_view(), name="audit"),
    path("", include("staff.impersonation.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
