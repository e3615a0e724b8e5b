"""What the tenant API serves under /api/ for finances."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from tenant_apps.finances import api

router = SimpleRouter(use_regex_path=False)
router.register("periods", api.Periods, "periods")
router.register("expenses", api.Expenses, "expenses")
router.register("charges", api.Charges, "charges")
router.register("payments", api.Payments, "payments")
router.register("balances", api.Balances, "balances")
urlpatterns = [
    path(
        "apartments/<int:pk>/statement/",
        api.Statements.as_view({"get": "retrieve"}),
        name="statements-detail",
    ),
    *router.urls,
]
