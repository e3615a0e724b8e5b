"""Pages of buildings on a tenant's host."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from public_apps.accounts import navigation
from tenant_apps.buildings.views import apartments, buildings, imports

navigation.add_page("buildings-page", _("Buildings"), operation="buildings.list", place=10)

urlpatterns = [
    path("", buildings.list_page, name="buildings-page"),
    path("new/", buildings.new_page, name="new-building"),
    path("<int:pk>/", buildings.detail_page, name="building-page"),
    path("<int:pk>/change/", buildings.change_page, name="change-building"),
    path("<int:pk>/remove/", buildings.remove_page, name="remove-building"),
    path("<int:pk>/mills/", buildings.mills_page, name="mills-page"),
    path("<int:pk>/import/", imports.import_page, name="import-apartments"),
    path("<int:pk>/apartments/new/", apartments.new_page, name="new-apartment"),
    path("import-example.csv", imports.example, name="import-example"),
    path("work/<uuid:pk>/", imports.work_page, name="work-page"),
    path("apartments/<int:pk>/", apartments.detail_page, name="apartment-page"),
    path("apartments/<int:pk>/change/", apartments.change_page, name="change-apartment"),
    path("apartments/<int:pk>/remove/", apartments.remove_page, name="remove-apartment"),
    path("apartments/<int:pk>/residents/new/", apartments.new_resident_page, name="new-resident"),
    path("residents/<int:pk>/change/", apartments.change_resident_page, name="change-resident"),
]
