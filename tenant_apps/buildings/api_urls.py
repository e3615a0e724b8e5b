"""What the tenant API serves under /api/ for buildings."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from tenant_apps.buildings import api

router = SimpleRouter(use_regex_path=False)
router.register("buildings", api.Buildings, "buildings")
router.register("apartments", api.Apartments, "apartments")
router.register("residencies", api.Residencies, "residencies")
router.register("work", api.Works, "work")
urlpatterns = router.urls
