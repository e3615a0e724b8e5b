"""What the tenant API serves under /api/ for requests."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from tenant_apps.requests.api import RequestViewSet

router = SimpleRouter(use_regex_path=False)
router.register("requests", RequestViewSet, basename="requests")

urlpatterns = router.urls
