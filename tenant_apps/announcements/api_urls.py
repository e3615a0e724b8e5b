"""What the tenant API serves under /api/ for announcements."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from tenant_apps.announcements.api import AnnouncementViewSet

router = SimpleRouter(use_regex_path=False)
router.register("announcements", AnnouncementViewSet, basename="announcements")

urlpatterns = router.urls
