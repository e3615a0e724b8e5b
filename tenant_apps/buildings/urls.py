"""Pages of buildings on a tenant's host."""

from __future__ import annotations

from django.urls import path

from tenant_apps.buildings.pages import flats, houses, imports

urlpatterns = [
    path("", houses.list_page, name="buildings-page"),
    path("new/", houses.new_page, name="new-building"),
    path("<int:pk>/", houses.detail_page, name="building-page"),
    path("<int:pk>/change/", houses.change_page, name="change-building"),
    path("<int:pk>/remove/", houses.remove_page, name="remove-building"),
    path("<int:pk>/mills/", houses.mills_page, name="mills-page"),
    path("<int:pk>/import/", imports.import_page, name="import-apartments"),
    path("<int:pk>/apartments/new/", flats.new_page, name="new-apartment"),
    path("import-example.csv", imports.example, name="import-example"),
    path("work/<uuid:pk>/", imports.work_page, name="work-page"),
    path("apartments/<int:pk>/", flats.detail_page, name="apartment-page"),
    path("apartments/<int:pk>/change/", flats.change_page, name="change-apartment"),
    path("apartments/<int:pk>/remove/", flats.remove_page, name="remove-apartment"),
    path("apartments/<int:pk>/residents/new/", flats.new_resident_page, name="new-resident"),
    path("residents/<int:pk>/change/", flats.change_resident_page, name="change-resident"),
]
