"""Pages of announcements on a tenant's host."""

from __future__ import annotations

from django.urls import path

from tenant_apps.announcements import pages

urlpatterns = [
    path("", pages.list_page, name="announcements-page"),
    path("new/", pages.new_page, name="new-announcement"),
    path("<int:pk>/", pages.detail_page, name="announcement-page"),
    path("<int:pk>/change/", pages.change_page, name="change-announcement"),
    path("<int:pk>/delete/", pages.delete_page, name="delete-announcement"),
]
