"""What the tenant API serves under /api/ for votes."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from tenant_apps.votes.api import Votes

router = SimpleRouter(use_regex_path=False)
router.register("votes", Votes, basename="votes")

urlpatterns = router.urls
