"""Pages of announcements on a tenant's host."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from public_apps.accounts import navigation
from tenant_apps.announcements import views

navigation.add_page(
    "announcements-page", _("Announcements"), operation="announcements.list", place=40
)

urlpatterns = [
    path("", views.list_page, name="announcements-page"),
    path("new/", views.new_page, name="new-announcement"),
    path("<int:pk>/", views.detail_page, name="announcement-page"),
    path("<int:pk>/change/", views.change_page, name="change-announcement"),
    path("<int:pk>/delete/", views.delete_page, name="delete-announcement"),
]
