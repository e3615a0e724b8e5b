"""Pages of public hosts."""

from __future__ import annotations

from django.urls import path

from public_apps.website import views

app_name = "website"
urlpatterns = [
    path("", views.home, name="home"),
    path("welcome/<str:session_id>/", views.welcome_page, name="welcome"),
    path("welcome/<str:session_id>/resend/", views.resend_welcome, name="resend-welcome"),
]
