"""What tenants' hosts serve for our support."""

from __future__ import annotations

from django.urls import path

from staff.impersonation import views

urlpatterns = [
    path("support/enter/", views.enter_page, name="support-enter"),
    path("support/leave/", views.leave_page, name="support-leave"),
]
