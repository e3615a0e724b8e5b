"""Months: of all buildings, of one, and a single month from its expenses to its charges."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from public_apps.accounts.permissions import Scope
from public_apps.accounts.view_decorators import (
    HttpResponseSeeOther,
    View,
    current_user,
    has_permission,
    require_permission,
)
from public_apps.core.errors import Problem, StaleVersion
from public_apps.core.forms import once, submit_form
from tenant_apps.buildings import background_jobs
from tenant_apps.buildings import queries as buildings
from tenant_apps.buildings.models import Building, Party, Work
from tenant_apps.finances import queries
from tenant_apps.finances.actions import drafts, issuing
from tenant_apps.finances.actions.issuing import Reckoning
from tenant_apps.finances.forms import MonthForm
from tenant_apps.finances.models import AccountKind, Period, Status

MONTHS_SHOWN = 36


@require_safe
@require_permission("periods.list")
def overview_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show each building's money; residents are shown their own accounts."""
    if scope is Scope.OWN:
        mine = {
            "accounts": queries.own_accounts(queries.balances(), user=current_user(request)),
            "apartments": buildings.apartments_of(current_user(request)).select_related("building"),
        }
        return render(request, "tenant/finances/mine.html", mine)
    rows = Building.objects.annotate(
        bank=Coalesce(Sum("accounts__balance", filter=Q(accounts__kind=AccountKind.BANK)), 0),
        owed=Coalesce(
            Sum(
                "accounts__balance",
                filter=Q(accounts__kind=AccountKind.APARTMENT, accounts__balance__gt=0),
            ),
            0,
        ),
    ).order_by("name")
    shown = {"rows": rows, "money": has_permission(request, "balances.list")}
    return render(request, "tenant/finances/overview.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("periods.preview")
def building_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show a building's months and who owes what; a new month begins here."""
    building = get_object_or_404(Building, pk=pk)
    first = timezone.localdate().replace(day=1)
    form = MonthForm(request.POST or None, initial={"month": first})
    made = submit_form(
        request, form, lambda month: drafts.open_period(building=building, month=month).pk
    )
    if made is not None:
        return HttpResponseSeeOther(reverse("month-page", args=[made]))
    accounts = queries.balances(building=building).exclude(balance=0)
    shown = {
        "building": building,
        "form": form,
        "key": uuid.uuid4().hex,
        "periods": queries.periods().filter(building=building).order_by("-month")[:MONTHS_SHOWN],
        "accounts": accounts.order_by("apartment__floor", "apartment__number", "party"),
        "bank": _bank(building),
    }
    return render(request, "tenant/finances/building.html", shown)


@require_safe
@require_permission("periods.preview")
def month_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show a draft with its expenses and what they would cost each apartment, or what was issued."""
    period = _found(pk)
    shown: dict[str, Any] = {
        "period": period,
        "expenses": period.expenses.select_related("attachment").order_by("spent_on", "pk"),
        "key": uuid.uuid4().hex,
        "work": background_jobs.latest(kind=Work.Kind.ISSUE, subject_id=pk),
    }
    if period.status is Status.DRAFT:
        reckoning = issuing.reckon(period)
        shown |= {"rows": _costs(reckoning), "refusal": reckoning.refusal}
        return render(request, "tenant/finances/draft.html", shown)
    charges = period.charges.select_related("apartment")
    shown |= {
        "charges": charges.order_by("apartment__floor", "apartment__number", "party", "pk"),
        "sums": charges.aggregate(amount=Sum("amount"), paid=Sum("paid")),
        "closed": period.status is Status.CLOSED,
    }
    return render(request, "tenant/finances/issued.html", shown)


def _month_deed(operation: str, verb: Any, done: str) -> View:
    """Return a page of one button: do it, and come back with what came of it."""

    @require_POST
    @require_permission(operation)
    def button(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
        get_object_or_404(Period, pk=pk)
        try:
            came = once(request, lambda: verb(request, pk))
        except Problem as refusal:
            messages.error(request, refusal.detail)
            return HttpResponseSeeOther(reverse("month-page", args=[pk]))
        if came:
            return HttpResponseSeeOther(came)
        messages.success(request, _(done))
        return HttpResponseSeeOther(reverse("month-page", args=[pk]))

    return button


def _issue(request: HttpRequest, pk: int) -> str:
    period = drafts.lock_month(pk)
    if str(period.version) != request.POST.get("version"):
        raise StaleVersion
    asked = issuing.issue(period=period, by=current_user(request))
    return reverse("work-page", args=[asked.pk]) if asked else ""


def _close(request: HttpRequest, pk: int) -> str:
    drafts.close_period(period=drafts.lock_month(pk), by=current_user(request))
    return ""


def _remove(request: HttpRequest, pk: int) -> str:
    period = drafts.lock_month(pk)
    drafts.remove_period(period=period)
    return reverse("building-finances", args=[period.building_id])


issue_page = _month_deed("periods.issue", _issue, gettext_noop("The month is issued."))
close_page = _month_deed("periods.close", _close, gettext_noop("The month is closed."))
remove_page = _month_deed("periods.destroy", _remove, gettext_noop("The month is removed."))


def _found(pk: int) -> Period:
    rows: QuerySet[Period] = queries.periods().select_related("building")
    return get_object_or_404(rows, pk=pk)


def _costs(reckoning: Reckoning) -> list[dict[str, Any]]:
    owed: Counter[tuple[int, str]] = reckoning.charges()
    return [
        {
            "apartment": apartment,
            "owner": owed[apartment.pk, Party.OWNER],
            "tenant": owed[apartment.pk, Party.TENANT],
            "total": owed[apartment.pk, Party.OWNER] + owed[apartment.pk, Party.TENANT],
        }
        for apartment in reckoning.apartments
        if not reckoning.refusal
    ]


def _bank(building: Building) -> int:
    account = building.accounts.filter(kind=AccountKind.BANK).first()
    return account.balance if account else 0
