"""Pages of every workspace, and the sample building."""

from __future__ import annotations

from django.urls import path

from tenant_apps.home import api, pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("sample/fill/", pages.fill_page, name="fill-sample"),
    path("sample/remove/", pages.clear_page, name="clear-sample"),
    path(
        "api/sample/",
        api.SampleBuilding.as_view({"get": "retrieve", "post": "create", "delete": "destroy"}),
        name="sample",
    ),
]
