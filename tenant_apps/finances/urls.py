"""Pages of finances on a tenant's host."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from public_apps.accounts import navigation
from tenant_apps.finances.views import accounts, expenses, months

navigation.add_page("finances-page", _("Finances"), operation="periods.list", place=20)

urlpatterns = [
    path("", months.overview_page, name="finances-page"),
    path("buildings/<int:pk>/", months.building_page, name="building-finances"),
    path("months/<int:pk>/", months.month_page, name="month-page"),
    path("months/<int:pk>/issue/", months.issue_page, name="issue-month"),
    path("months/<int:pk>/close/", months.close_page, name="close-month"),
    path("months/<int:pk>/remove/", months.remove_page, name="remove-month"),
    path("months/<int:pk>/expenses/new/", expenses.new_page, name="new-expense"),
    path("expenses/<int:pk>/change/", expenses.change_page, name="change-expense"),
    path("expenses/<int:pk>/remove/", expenses.remove_page, name="remove-expense"),
    path("expenses/<int:pk>/reverse/", expenses.reverse_page, name="reverse-expense"),
    path("expenses/<int:pk>/attachment/", expenses.attachment, name="expense-attachment"),
    path("charges/<int:pk>/correct/", accounts.correction_page, name="correct-charge"),
    path("apartments/<int:pk>/", accounts.statement_page, name="statement-page"),
    path("apartments/<int:pk>/statement.csv", accounts.statement_csv, name="statement-csv"),
    path("apartments/<int:pk>/payments/new/", accounts.payment_page, name="new-payment"),
    path("payments/<int:pk>/reverse/", accounts.reverse_payment_page, name="reverse-payment"),
]
