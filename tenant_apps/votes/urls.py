"""Pages of votes on a tenant's host."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from public_apps.accounts import navigation
from tenant_apps.votes.views import reading, writing

navigation.add_page("votes-page", _("Votes"), operation="votes.list", place=50)

urlpatterns = [
    path("", reading.list_page, name="votes-page"),
    path("new/", writing.new_page, name="new-vote"),
    path("<int:pk>/", reading.detail_page, name="vote-page"),
    path("<int:pk>/change/", writing.change_page, name="change-vote"),
    path("<int:pk>/ballot/", writing.cast_page, name="cast-ballot"),
    path("<int:pk>/paper-ballot/", writing.paper_page, name="paper-ballot"),
    path("<int:pk>/close/", writing.close_page, name="close-vote"),
    path("<int:pk>/call-off/", writing.call_off_page, name="call-off-vote"),
]
