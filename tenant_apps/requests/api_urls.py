"""What the tenant API serves under /api/ for requests."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from tenant_apps.requests.api import Requests

router = SimpleRouter(use_regex_path=False)
router.register("requests", Requests, basename="requests")

urlpatterns = router.urls
