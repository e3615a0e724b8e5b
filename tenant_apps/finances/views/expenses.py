"""Expenses of a draft, and what can still be done with an issued one."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from public_apps.accounts.permissions import Scope
from public_apps.accounts.view_decorators import (
    HttpResponseSeeOther,
    current_user,
    require_permission,
)
from public_apps.core.errors import Problem
from public_apps.core.forms import submit_form
from tenant_apps.files import actions as files
from tenant_apps.files import serving
from tenant_apps.finances import queries
from tenant_apps.finances.actions import corrections, drafts
from tenant_apps.finances.forms import ExpenseForm, ReasonForm
from tenant_apps.finances.models import Expense, Period
from tenant_apps.finances.parties import last_day


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("expenses.create")
def new_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Add an expense to a month."""
    period = get_object_or_404(Period.objects.select_related("building"), pk=pk)
    form = ExpenseForm(
        request.POST or None,
        request.FILES or None,
        building=period.building,
        initial={"spent_on": min(timezone.localdate(), last_day(period.month))},
    )

    def add(file: Any, chosen: Any, **said: Any) -> int:
        kept = files.keep(file, by=current_user(request)).pk if file else None
        return drafts.add_expense(
            period=period, by=current_user(request), attachment=kept, chosen=list(chosen), **said
        ).pk

    if submit_form(request, form, add) is not None:
        messages.success(request, _("The expense is added."))
        return HttpResponseSeeOther(reverse("month-page", args=[pk]))
    shown = {"form": form, "period": period, "key": uuid.uuid4().hex}
    return render(request, "tenant/finances/expense_form.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("expenses.partial_update")
def change_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Change a draft's expense."""
    expense = _found(pk)
    form = ExpenseForm(
        request.POST or None,
        building=expense.period.building,
        instance=expense,
        initial={"chosen": expense.chosen.all()},
    )

    def change(chosen: Any, **said: Any) -> int:
        drafts.lock_month(expense.period_id)
        locked = Expense.objects.select_for_update().get(pk=pk)
        return drafts.change_expense(expense=locked, chosen=list(chosen), **said).pk

    if submit_form(request, form, change) is not None:
        messages.success(request, _("The expense is changed."))
        return HttpResponseSeeOther(reverse("month-page", args=[expense.period_id]))
    shown = {"form": form, "period": expense.period, "expense": expense, "key": uuid.uuid4().hex}
    return render(request, "tenant/finances/expense_form.html", shown)


@require_POST
@require_permission("expenses.destroy", held=True)
def remove_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Remove a draft's expense."""
    expense = _found(pk)
    try:
        with transaction.atomic():
            drafts.lock_month(expense.period_id)
            drafts.remove_expense(expense=expense)
    except Problem as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("The expense is removed."))
    return HttpResponseSeeOther(reverse("month-page", args=[expense.period_id]))


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("expenses.reverse")
def reverse_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Give every apartment back what an issued expense cost it, for a reason."""
    expense = _found(pk)
    form = ReasonForm(request.POST or None)

    def give_back(reason: str) -> int:
        return corrections.reverse_expense(
            expense=expense, reason=reason, by=current_user(request)
        ).pk

    if submit_form(request, form, give_back) is not None:
        messages.success(request, _("The expense is reversed: every apartment has its share back."))
        return HttpResponseSeeOther(reverse("month-page", args=[expense.period_id]))
    shown = {
        "form": form,
        "title": _("Reverse this expense"),
        "lead": _("Every apartment gets back what it was charged, to the cent."),
        "subject": f"{expense} · {expense.period}",
        "back": reverse("month-page", args=[expense.period_id]),
        "key": uuid.uuid4().hex,
    }
    return render(request, "tenant/finances/ask.html", shown)


@require_safe
@require_permission("expenses.attachment")
def attachment(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Return an expense's attachment."""
    rows = Expense.objects.select_related("attachment")
    if scope is Scope.OWN:
        rows = queries.own_expenses(rows, user=current_user(request))
    stored = get_object_or_404(rows, pk=pk).attachment
    if stored is None:
        raise Http404
    return serving.response(stored)


def _found(pk: int) -> Expense:
    return get_object_or_404(Expense.objects.select_related("period__building"), pk=pk)
