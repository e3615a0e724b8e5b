"""Pages under /settings/domains/."""

from __future__ import annotations

from django.urls import path

from public_apps.tenants.custom_domains import views

urlpatterns = [
    path("", views.domains_page, name="domains-page"),
    path("add/", views.add_page, name="add-domain"),
    path("first/", views.first_page, name="first-domain"),
    path("subdomain/", views.subdomain_page, name="change-subdomain"),
    path("<int:pk>/verify/", views.verify_page, name="verify-domain"),
    path("<int:pk>/remove/", views.remove_page, name="remove-domain"),
]
