"""Pages of requests on a tenant's host."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from public_apps.accounts import navigation
from tenant_apps.requests.views import reading, writing

navigation.add_page("requests-page", _("Requests"), operation="requests.list", place=30)

urlpatterns = [
    path("", reading.list_page, name="requests-page"),
    path("new/", writing.new_page, name="new-request"),
    path("<int:pk>/", reading.detail_page, name="request-page"),
    path("<int:pk>/move/", writing.move_page, name="move-request"),
    path("<int:pk>/assign/", writing.assign_page, name="assign-request"),
    path("<int:pk>/comment/", writing.comment_page, name="comment-request"),
    path("<int:pk>/attach/", writing.attach_page, name="attach-to-request"),
    path("<int:pk>/files/<uuid:file>/", reading.attachment, name="request-file"),
]
