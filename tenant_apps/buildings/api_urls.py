"""What the tenant API serves under /api/ for buildings."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from tenant_apps.buildings import api

router = SimpleRouter(use_regex_path=False)
router.register("buildings", api.BuildingViewSet, "buildings")
router.register("apartments", api.ApartmentViewSet, "apartments")
router.register("residencies", api.ResidencyViewSet, "residencies")
router.register("work", api.WorkViewSet, "work")
urlpatterns = router.urls
