"""Pages of every workspace, and the sample building."""

from __future__ import annotations

from django.urls import path

from tenant_apps.home import api, logo_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("logo/", logo_views.logo_image, name="logo"),
    path("settings/logo/", logo_views.logo_page, name="logo-page"),
    path("sample/fill/", views.fill_page, name="fill-sample"),
    path("sample/remove/", views.clear_page, name="clear-sample"),
    path(
        "api/sample/",
        api.SampleBuildingView.as_view({"get": "retrieve", "post": "create", "delete": "destroy"}),
        name="sample",
    ),
]
