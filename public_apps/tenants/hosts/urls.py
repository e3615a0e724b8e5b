"""Pages under /settings/domains/."""

from __future__ import annotations

from django.urls import path

from public_apps.tenants.hosts import pages

urlpatterns = [
    path("", pages.domains_page, name="domains-page"),
    path("add/", pages.add_page, name="add-domain"),
    path("first/", pages.first_page, name="first-domain"),
    path("subdomain/", pages.subdomain_page, name="change-subdomain"),
    path("<int:pk>/verify/", pages.verify_page, name="verify-domain"),
    path("<int:pk>/remove/", pages.remove_page, name="remove-domain"),
]
