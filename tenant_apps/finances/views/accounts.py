"""An apartment's statement, its payments, and corrections."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from public_apps.accounts.permissions import Scope
from public_apps.accounts.view_decorators import (
    HttpResponseSeeOther,
    current_user,
    has_permission,
    require_permission,
)
from public_apps.core.forms import submit_form
from tenant_apps.buildings.models import Apartment, Party
from tenant_apps.finances import queries, statements
from tenant_apps.finances.actions import corrections, payments
from tenant_apps.finances.forms import CorrectionForm, PaymentForm, ReasonForm
from tenant_apps.finances.models import Charge, Payment
from tenant_apps.finances.statements import Statement

PAYMENTS_SHOWN = 24


@require_safe
@require_permission("statements.retrieve")
def statement_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show what was charged and paid, fit for printing."""
    statement = _statement(request, scope, pk)
    rows = Payment.objects.filter(apartment=pk)
    if scope is Scope.OWN:
        rows = queries.own_payments(rows, user=current_user(request))
    shown = {
        "statement": statement,
        "apartment": statement.apartment,
        "span": request.GET.urlencode(),
        "payments": rows.order_by("-paid_on", "-pk")[:PAYMENTS_SHOWN],
        "may_record": has_permission(request, "payments.create"),
    }
    return render(request, "tenant/finances/statement.html", shown)


@require_safe
@require_permission("statements.retrieve")
def statement_csv(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Return the statement for a spreadsheet."""
    statement = _statement(request, scope, pk)
    answer = HttpResponse(statements.as_csv(statement), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="statement-{pk}.csv"'
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("payments.create")
def payment_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Record money that came for an apartment."""
    apartment = get_object_or_404(Apartment.objects.select_related("building"), pk=pk)
    open_of = {account.party: account.balance for account in apartment.accounts.all()}
    form = PaymentForm(request.POST or None, initial=_expected(open_of))

    def record(**said: Any) -> int:
        return payments.record_payment(apartment=apartment, by=current_user(request), **said).pk

    if submit_form(request, form, record) is not None:
        messages.success(request, _("The payment is recorded."))
        return HttpResponseSeeOther(reverse("statement-page", args=[pk]))
    shown = {"form": form, "apartment": apartment, "key": uuid.uuid4().hex}
    return render(request, "tenant/finances/payment_form.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("payments.reverse")
def reverse_payment_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Take a payment back that never came, for a reason."""
    payment = get_object_or_404(Payment.objects.select_related("apartment__building"), pk=pk)
    form = ReasonForm(request.POST or None)
    back = reverse("statement-page", args=[payment.apartment_id])

    def take_back(reason: str) -> int:
        return payments.reverse_payment(payment=payment, reason=reason, by=current_user(request)).pk

    if submit_form(request, form, take_back) is not None:
        messages.success(request, _("The payment is reversed: what it paid is open again."))
        return HttpResponseSeeOther(back)
    shown = {
        "form": form,
        "title": _("Reverse this payment"),
        "lead": _("What it paid is open again."),
        "subject": f"{payment.apartment.building}, {payment.apartment}",
        "back": back,
        "key": uuid.uuid4().hex,
    }
    return render(request, "tenant/finances/ask.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("charges.correct")
def correction_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Raise or lower an issued charge, for a reason."""
    charge = get_object_or_404(
        Charge.objects.select_related("apartment__building", "period"), pk=pk
    )
    form = CorrectionForm(request.POST or None)
    back = reverse("month-page", args=[charge.period_id])

    def correct(**said: Any) -> int:
        return corrections.correct_charge(charge=charge, by=current_user(request), **said).pk

    if submit_form(request, form, correct) is not None:
        messages.success(request, _("The charge is corrected."))
        return HttpResponseSeeOther(back)
    shown = {
        "form": form,
        "title": _("Correct this charge"),
        "lead": _("What was issued stays; the correction stands beside it."),
        "subject": f"{charge.apartment.building}, {charge.apartment} · {charge.period}",
        "back": back,
        "key": uuid.uuid4().hex,
    }
    return render(request, "tenant/finances/ask.html", shown)


def _statement(request: HttpRequest, scope: Scope, pk: int) -> Statement:
    apartment = get_object_or_404(Apartment.objects.select_related("building"), pk=pk)
    seen = queries.statement_for(
        apartment, user=current_user(request) if scope is Scope.OWN else None
    )
    if seen is None:
        raise Http404
    parties, known = seen
    return statements.of_apartment(
        apartment,
        parties=parties,
        known=known,
        since=_day(request, "since"),
        until=_day(request, "until"),
    )


def _day(request: HttpRequest, name: str) -> date | None:
    try:
        return parse_date(request.GET.get(name, ""))
    except ValueError:
        return None


def _expected(open_of: dict[str, int]) -> dict[str, Any]:
    """Return the payment that is most likely being recorded: all that one of the two owes."""
    party = max(Party.values, key=lambda party: open_of.get(party, 0))
    owed = open_of.get(party, 0)
    return {
        "party": party, "paid_on": timezone.localdate(), "amount": owed if owed > 0 else None,
    }  # fmt: skip
