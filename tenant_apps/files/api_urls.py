"""What the tenant API serves under /api/ for files."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from tenant_apps.files.api import FileViewSet

router = SimpleRouter(use_regex_path=False)
router.register("files", FileViewSet, basename="files")

urlpatterns = router.urls
