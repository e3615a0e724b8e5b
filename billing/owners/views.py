"""/billing/ on a tenant's host: the owner's API by plain pages and forms, a suspended tenant's too."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import contacts, pay_links, plans, sale
from billing.documents import fresh_links
from billing.models import Interval
from billing.owners import account, actions, at_period_end, documents, overview, resubscribe
from billing.owners.account import Account
from billing.owners.actions import PlanChange
from public_apps.accounts.view_decorators import HttpResponseSeeOther, has_permission
from public_apps.core import errors, idempotency
from public_apps.core.email_addresses import AddressFormField
from public_apps.core.errors import Problem
from public_apps.core.idempotency import Answer
from public_apps.core.models import IdempotentRequest
from public_apps.tenants import links


class ContactForm(forms.Form):
    """The billing contact, as it is typed."""

    email = AddressFormField(required=False)
    name = forms.CharField(max_length=120, required=False)


INVOICES_A_PAGE = 12
CSRF_FIELD = "csrfmiddlewaretoken"  # another one each time
View = Callable[..., HttpResponse]
Verb = Callable[[Account, IdempotentRequest], object]


def for_owners(view: View) -> View:
    """Let owners in; ask everybody else to ask one."""

    @never_cache
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, **which: str) -> HttpResponse:
        if not has_permission(request, "subscription.retrieve"):
            return render(request, "tenant/billing_ask_owner.html", status=HTTPStatus.FORBIDDEN)
        return view(request, **which)

    return guarded


@for_owners
@require_safe
def overview_page(request: HttpRequest) -> HttpResponse:
    """Show plan, dates, problems, plans to change to, and invoices."""
    with account.of_owner(request) as owners:
        page = {
            "shown": overview.of(owners),
            "offered": plans.offered(),
            "intervals": Interval.choices,
            "invoices": _invoices(owners, request.GET.get("page", "1")),
            "paid_by_hand": documents.paid_by_hand(owners),
            "key": uuid.uuid4().hex,
        }
    return render(request, "tenant/billing.html", page)


@for_owners
@require_http_methods(["GET", "HEAD", "POST"])
def change_page(request: HttpRequest) -> HttpResponse:
    """Show on GET what a change of plan costs, and make it on POST."""
    asked = request.POST if request.method == "POST" else request.GET
    wish = PlanChange(
        plan=asked.get("plan", ""),
        interval=asked.get("interval", ""),
        at=_moment(asked.get("at")),
        when=asked.get("when", ""),
    )
    if request.method == "POST":
        later = wish.when == at_period_end.PERIOD_END
        return _do(
            request,
            lambda owners, row: actions.change_plan(account=owners, wish=wish, request=row),
            did=account.CHANGE_PLANNED if later else "subscription.plan_changed",
            done=_("The change is planned.") if later else _("Your plan is changed."),
        )
    try:
        with sale.telling_staff(), account.of_owner(request) as owners:
            costs = actions.preview_change(account=owners, wish=wish)
            shown = overview.of(owners)
            names = {plan["code"]: plan["name"] for plan in plans.offered()}
    except Problem as problem:
        messages.error(request, problem.detail)
        return HttpResponseSeeOther(reverse("billing-page"))
    page = {
        "costs": costs,
        "given_back": -sum(min(0, line["amount"]) for line in costs["lines"]),
        "added": sum(max(0, line["amount"]) for line in costs["lines"]),
        "shown": shown,
        "name": names[costs["plan"]],
        "key": uuid.uuid4().hex,
    }
    return render(request, "tenant/billing_change.html", page)


@for_owners
@require_http_methods(["GET", "HEAD", "POST"])
def cancel_page(request: HttpRequest) -> HttpResponse:
    """Say on GET what a cancellation means, and cancel on POST."""
    if request.method == "POST":
        return _do(
            request,
            lambda owners, row: actions.cancel(account=owners, request=row),
            did="subscription.cancelled",
            done=_("Your subscription is cancelled."),
        )
    with account.of_owner(request) as owners:
        shown = overview.of(owners)
    if not shown["actions"]["cancel"]:
        return HttpResponseSeeOther(reverse("billing-page"))
    page = {"shown": shown, "key": uuid.uuid4().hex}
    return render(request, "tenant/billing_cancel.html", page)


@for_owners
@require_POST
def resume_page(request: HttpRequest) -> HttpResponse:
    """Take a cancellation back, or go on after a pause."""
    return _do(
        request,
        lambda owners, row: actions.resume(account=owners, request=row),
        did="subscription.resumed",
        done=_("Your subscription goes on."),
    )


@for_owners
@require_POST
def give_up_page(request: HttpRequest) -> HttpResponse:
    """Drop the change that waits, for its payment or for the end of the period."""
    return _do(
        request,
        lambda owners, row: actions.give_up_change(account=owners, request=row),
        did="subscription.change_given_up",
        done=_("The change is given up. Everything is as it was."),
    )


@for_owners
@require_POST
def portal_page(request: HttpRequest) -> HttpResponse:
    """Lead on to Stripe's customer portal."""
    return _lead_on(
        request,
        lambda owners, row: actions.open_portal(
            account=owners, request=row, back=_this_page(owners)
        ),
        did="subscription.portal_opened",
    )


@for_owners
@require_POST
def contact_page(request: HttpRequest) -> HttpResponse:
    """Name whom mails about money go to beside the owners; an empty address takes that back."""
    form = ContactForm(request.POST)
    if not form.is_valid():
        for said in form.errors.values():
            messages.error(request, " ".join(map(str, said)))
        return HttpResponseSeeOther(reverse("billing-page"))
    given = form.cleaned_data
    return _do(
        request,
        lambda owners, _row: contacts.name(
            tenant=owners.tenant, email=given["email"], called=given["name"]
        ),
        did="subscription.contact_named",
        done=_("The billing contact is saved."),
    )


@for_owners
@require_POST
def again_page(request: HttpRequest) -> HttpResponse:
    """Lead on to a payment page, for a workspace whose subscription has ended."""
    wish = PlanChange(plan=request.POST.get("plan", ""), interval=request.POST.get("interval", ""))
    return _lead_on(
        request,
        lambda owners, row: resubscribe.begin_again(
            account=owners, wish=wish, request=row, back=_this_page(owners)
        ),
        did="subscription.begun_again",
    )


@for_owners
@require_safe
def invoice_page(request: HttpRequest, invoice_id: str, what: str) -> HttpResponse:
    """Lead on to an invoice's page or PDF at Stripe, by a link that was asked for just now."""
    return _at_stripe(
        request,
        lambda owners: fresh_links.of_invoice(documents.invoice_of(owners, invoice_id)),
        what,
    )


@for_owners
@require_safe
def credit_note_pdf(request: HttpRequest, credit_note_id: str) -> HttpResponse:
    """Lead on to a credit note's PDF."""
    return _at_stripe(
        request,
        lambda owners: fresh_links.of_credit_note(documents.credit_note_of(owners, credit_note_id)),
        "pdf",
    )


@never_cache
@require_safe
def pay_page(request: HttpRequest, token: str) -> HttpResponse:
    """Lead whoever has a mail of ours on to paying an invoice, signed in or not.

    Where there is nothing to pay any more, or no answer, that is said above the sign-in.
    """
    try:
        with account.of_mailed(request) as mailed:
            invoice = pay_links.invoice_of(mailed.tenant, token)
            if not pay_links.is_owed(invoice):
                raise errors.Gone(_("Nothing is to be paid of this invoice any more."))
            url = fresh_links.pick(fresh_links.of_invoice(invoice), "page")
    except pay_links.NoSuchLink as unknown:
        raise Http404 from unknown
    except Problem as problem:
        return _said_on_page(request, problem)
    return HttpResponseRedirect(url)


def _at_stripe(
    request: HttpRequest, ask: Callable[[Account], fresh_links.Links], what: str
) -> HttpResponse:
    try:
        with account.of_owner(request) as owners:
            url = fresh_links.pick(ask(owners), what)
    except Problem as problem:
        return _said_on_page(request, problem)
    return HttpResponseRedirect(url)


def _said_on_page(request: HttpRequest, problem: Problem) -> HttpResponse:
    messages.error(request, problem.detail)
    return HttpResponseSeeOther(reverse("billing-page"))


def _this_page(owners: Account) -> str:
    """Return where somebody comes back to who left from here, wherever links in mails lead."""
    return links.on_own_host(owners.tenant, "subscription")


def _lead_on(request: HttpRequest, verb: Verb, *, did: str) -> HttpResponse:
    answer = _once(request, verb, did=did)
    return HttpResponseSeeOther(reverse("billing-page") if answer is None else answer.body)


def _do(request: HttpRequest, verb: Verb, *, did: str, done: str) -> HttpResponse:
    """Do what a form asks for; what waits for its payment is not done, and the page says so."""
    answer = _once(request, verb, did=did)
    if answer is not None and not answer.body:
        messages.success(request, done)
    return HttpResponseSeeOther(reverse("billing-page"))


def _once(request: HttpRequest, verb: Verb, *, did: str) -> Answer | None:
    """Return the answer to a form that may be sent twice; None if it was refused, which is told."""

    def work(row: IdempotentRequest) -> object:
        with account.of_owner(request) as owners:
            answer = verb(owners, row)
        waits = isinstance(answer, dict)  # where to confirm the payment
        account.tell(request, did=account.CHANGE_ASKED if waits else did)
        return answer

    form = {name: str(value) for name, value in request.POST.items() if name != CSRF_FIELD}
    try:
        with sale.telling_staff():
            answer = idempotency.once(
                who=str(request.user.pk),
                key=form.get("key", "")[: idempotency.LONGEST_KEY] or None,
                asked={"path": request.path, "form": form},
                work=work,
            )
    except Problem as problem:
        messages.error(request, problem.detail)
        return None
    if answer.is_problem:
        messages.error(request, answer.body["detail"])
        return None
    return answer


def _invoices(owners: Account, number: str) -> Page[Any]:
    page = Paginator(owners.invoices(), INVOICES_A_PAGE).get_page(number)
    # Now, while we are in public.
    page.object_list = documents.with_credits(list(page.object_list))
    return page


def _moment(text: str | None) -> datetime | None:
    try:
        moment = parse_datetime(text or "")
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else None
