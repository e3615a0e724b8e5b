"""What the tenant API serves under /api/ for taking everything along."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from public_apps.tenants.archives.api import ExportViewSet

router = SimpleRouter(use_regex_path=False)
router.register("exports", ExportViewSet, basename="exports")

urlpatterns = router.urls
