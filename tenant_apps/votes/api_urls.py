"""What the tenant API serves under /api/ for votes."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from tenant_apps.votes.api import VoteViewSet

router = SimpleRouter(use_regex_path=False)
router.register("votes", VoteViewSet, basename="votes")

urlpatterns = router.urls
