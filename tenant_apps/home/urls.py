"""Pages of every workspace."""

from __future__ import annotations

from django.urls import path

from tenant_apps.home import views

urlpatterns = [path("", views.home, name="home")]
