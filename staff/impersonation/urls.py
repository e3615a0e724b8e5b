"""What tenants' hosts serve for our support."""

from __future__ import annotations

from django.urls import path

from staff.impersonation import pages

urlpatterns = [
    path("support/enter/", pages.enter_page, name="support-enter"),
    path("support/leave/", pages.leave_page, name="support-leave"),
]
