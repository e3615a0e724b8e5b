"""What the tenant API serves under /api/ for finances."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from tenant_apps.finances import api

router = SimpleRouter(use_regex_path=False)
router.register("periods", api.PeriodViewSet, "periods")
router.register("expenses", api.ExpenseViewSet, "expenses")
router.register("charges", api.ChargeViewSet, "charges")
router.register("payments", api.PaymentViewSet, "payments")
router.register("balances", api.BalanceViewSet, "balances")
urlpatterns = [
    path(
        "apartments/<int:pk>/statement/",
        api.StatementViewSet.as_view({"get": "retrieve"}),
        name="statements-detail",
    ),
    *router.urls,
]
