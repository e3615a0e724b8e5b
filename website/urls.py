"""Pages of public hosts."""

from __future__ import annotations

from django.urls import path, re_path

from website import problem_pages, views

app_name = "website"
urlpatterns = [
    path("", views.home, name="home"),
    path("give-up/<credential_id:signup_id>/", views.give_up, name="give-up"),
    path("welcome/<str:session_id>/", views.welcome_page, name="welcome"),
    path("welcome/<str:session_id>/resend/", views.resend_welcome, name="resend-welcome"),
    # Without the last slash: so it is written in the `type` of a problem.
    re_path(r"^problems/?$", problem_pages.problems, name="problems"),
    re_path(r"^problems/(?P<slug>[a-z-]+)/?$", problem_pages.problem, name="problem"),
]
