"""The tables of a tenant's page: the newest of each kind, as far as one may see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from billing import intervals, scheduled_changes, subscription_items
from billing.models import Customer, Invoice, ManualPayment, Payment, StripeEvent, Subscription
from public_apps.audit.models import Entry
from public_apps.core.models import OutgoingMail
from public_apps.core.templatetags.money import money
from public_apps.tenants.custom_domains import domain_names
from public_apps.tenants.models import AccessChange, Departure, Domain, DomainClaim, Tenant
from staff.models import Impersonation
from staff.tenant_timeline import signup_of

NEWEST = 20


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A word in a table, perhaps with a page behind it."""

    text: str
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Section:
    """The newest rows of one kind, and where all of them are."""

    title: str
    columns: Sequence[str]
    rows: list[list[Cell]]
    all_of_them: str = ""


def sections_of(tenant: Tenant, *, request: HttpRequest) -> list[Section]:
    """Return every table that this person may see."""
    made = (
        ("tenants.view_tenant", _domains),
        ("tenants.view_tenant", _own_domains),
        ("tenants.view_tenant", _departures),
        ("billing.view_subscription", _subscriptions),
        ("billing.view_customer", _customers),
        ("billing.view_invoice", _invoices),
        ("billing.view_payment", _payments),
        ("billing.view_manualpayment", _manual_payments),
        ("billing.view_stripeevent", _events),
        ("tenants.view_tenant", _access_changes),
        ("core.view_outgoingmail", _mails),
        ("staff.view_impersonation", _impersonations),
        ("audit.view_entry", _audit),
    )
    return [make(tenant) for permission, make in made if request.user.has_perm(permission)]


def _domains(tenant: Tenant) -> Section:
    rows = Domain.objects.filter(tenant=tenant).order_by("-is_primary", "pk")
    return Section(
        title=_("Domains"),
        columns=(_("host"), _("first"), _("since")),
        rows=[_cells(each.domain, _yes(each.is_primary), each.created_at) for each in rows],
    )


def _own_domains(tenant: Tenant) -> Section:
    rows = DomainClaim.objects.filter(tenant=tenant).order_by("pk")
    return Section(
        title=_("Domains of its own"),
        columns=(_("host"), _("verified"), _("DNS last asked"), _("problem"), _("failing since")),
        rows=[
            _cells(
                domain_names.display_name(each.host), each.verified_at, each.checked_at,
                each.get_problem_display() if each.problem else "", each.failing_since,
            )
            for each in rows
        ],
    )  # fmt: skip


def _departures(tenant: Tenant) -> Section:
    rows = Departure.objects.filter(tenant=tenant).order_by("-asked_at")[:NEWEST]
    return Section(
        title=_("Leaving"),
        columns=(
            _("what"), _("by"), _("begins"), _("undone"), _("door closed"), _("stored"), _("dropped"),
            _("erased"), _("domains freed"), _("what hinders it"),
        ),
        rows=[
            _cells(
                each.get_aim_display(), each.asked_by, each.begins_at, each.undone_at,
                each.closed_at, each.stored_at, each.dropped_at, each.erased_at, each.freed_at,
                each.error,
            )
            for each in rows
        ],
    )  # fmt: skip


def _subscriptions(tenant: Tenant) -> Section:
    rows = Subscription.objects.filter(tenant=tenant).select_related("plan")
    return Section(
        title=_("Subscriptions"),
        columns=(
            _("id"), _("status"), _("plan"), _("price"), _("period ends"), _("will change"),
            _("will end"),
        ),
        rows=[
            _cells(
                each, each.status, each.plan, _charged(each), each.current_period_end,
                _planned(each), each.cancel_at,
            )
            for each in rows.order_by("-created_at")[:NEWEST]
        ],
    )  # fmt: skip


def _planned(subscription: Subscription) -> str:
    """Return what a schedule at Stripe will make of a subscription, and when."""
    change = scheduled_changes.waits(subscription)
    at = scheduled_changes.comes_at(change) if change else None
    if change is None or at is None:
        return ""
    by = _("by its owner") if change["made_here"] else _("arranged at Stripe")
    named = scheduled_changes.named(change) or change["price"] or _("other terms")
    return f"{named}, {date_format(localtime(at), 'j E Y')} ({by})"


def _customers(tenant: Tenant) -> Section:
    rows = Customer.objects.filter(tenant=tenant).order_by("-created_at")[:NEWEST]
    return Section(
        title=_("Customers at Stripe"),
        columns=(_("id"), _("since"), _("gone")),
        rows=[_cells(each, each.created_at, each.gone_at) for each in rows],
    )


def _invoices(tenant: Tenant) -> Section:
    rows = Invoice.objects.filter(tenant=tenant).order_by("-created_at")[:NEWEST]
    return Section(
        title=_("Invoices"),
        columns=(_("number"), _("status"), _("due"), _("paid"), _("created")),
        rows=[
            _cells(
                _linked(each, each.number or each.pk), each.status,
                _amount(each.amount_due, each.currency), _amount(each.amount_paid, each.currency),
                each.created_at,
            )
            for each in rows
        ],
        all_of_them=_list_of(Invoice, tenant__id__exact=tenant.pk),
    )  # fmt: skip


def _payments(tenant: Tenant) -> Section:
    rows = Payment.objects.filter(tenant=tenant).order_by("-created_at")[:NEWEST]
    return Section(
        title=_("Payments"),
        columns=(_("id"), _("status"), _("received"), _("created"), _("why it failed")),
        rows=[
            _cells(
                each, each.status, _amount(each.amount_received, each.currency), each.created_at,
                each.error,
            )
            for each in rows
        ],
        all_of_them=_list_of(Payment, tenant__id__exact=tenant.pk),
    )  # fmt: skip


def _manual_payments(tenant: Tenant) -> Section:
    rows = ManualPayment.objects.filter(tenant=tenant).order_by("-recorded_at")[:NEWEST]
    return Section(
        title=_("Payments by hand"),
        columns=(_("reference"), _("amount"), _("paid until"), _("by"), _("when")),
        rows=[
            _cells(
                _linked(each, each.reference), _amount(each.amount, each.currency),
                each.paid_until, each.recorded_by, each.recorded_at,
            )
            for each in rows
        ],
    )  # fmt: skip


def _events(tenant: Tenant) -> Section:
    rows = StripeEvent.objects.filter(tenant=tenant).defer("payload").order_by("-received_at")
    return Section(
        title=_("Events"),
        columns=(_("event"), _("status"), _("tries"), _("received"), _("finished"), _("error")),
        rows=[
            _cells(
                _linked(each, each.type), each.get_status_display(), each.attempts,
                each.received_at, each.processed_at, each.error,
            )
            for each in rows[:NEWEST]
        ],
        all_of_them=_list_of(StripeEvent, tenant=tenant.pk),
    )  # fmt: skip


def _access_changes(tenant: Tenant) -> Section:
    rows = AccessChange.objects.filter(tenant=tenant)[:NEWEST]
    return Section(
        title=_("Changes of access"),
        columns=(_("when"), _("what"), _("why"), _("by")),
        rows=[
            _cells(
                each.at, _("suspended") if each.suspended else _("let in"), each.reason, each.cause
            )
            for each in rows
        ],
    )


def _mails(tenant: Tenant) -> Section:
    signup = signup_of(tenant)
    rows: Iterable[OutgoingMail] = ()
    if signup is not None:
        sent = OutgoingMail.objects.filter(kind="welcome", key__startswith=f"{signup.pk}:")
        rows = sent.order_by("-pk")[:NEWEST]
    return Section(
        title=_("Welcome mails"),
        columns=(_("to"), _("promised"), _("sent"), _("tries"), _("error")),
        rows=[
            _cells(_linked(each, each.to), each.created_at, each.sent_at, each.attempts, each.error)
            for each in rows
        ],
    )


def _impersonations(tenant: Tenant) -> Section:
    rows = Impersonation.objects.filter(tenant=tenant).select_related("staff")
    return Section(
        title=_("In somebody's name"),
        columns=(_("our staff"), _("as"), _("reason"), _("begun"), _("ends"), _("ended before")),
        rows=[
            _cells(
                _linked(each, each.staff.email), each.person_email, each.reason,
                each.redeemed_at, each.ends_at, each.ended_at,
            )
            for each in rows.order_by("-created_at")[:NEWEST]
        ],
    )  # fmt: skip


def _audit(tenant: Tenant) -> Section:
    about = Entry.objects.filter(target_type=Tenant._meta.label_lower, target_id=str(tenant.pk))
    return Section(
        title=_("Audit log"),
        columns=(_("when"), _("who"), _("did what"), _("detail")),
        rows=[
            _cells(
                each.at, each.actor, _linked(each, each.action),
                ", ".join(f"{name}: {value}" for name, value in each.detail.items()),
            )
            for each in about[:NEWEST]
        ],
        all_of_them=_list_of(Entry, target_type=Tenant._meta.label_lower, target_id=tenant.pk),
    )  # fmt: skip


def _cells(*values: Any) -> list[Cell]:
    return [_cell(value) for value in values]


def _cell(value: Any) -> Cell:
    if isinstance(value, Cell):
        return value
    if isinstance(value, datetime):
        return Cell(text=date_format(localtime(value), "Y-m-d H:i:s"))
    if isinstance(value, Subscription | Customer | Payment):
        return _linked(value, value.pk)
    return Cell(text="" if value is None else str(value))


def _linked(row: Model, text: str) -> Cell:
    options = row._meta
    name = f"admin:{options.app_label}_{options.model_name}_change"
    return Cell(text=text, link=reverse(name, args=(row.pk,)))


def _list_of(model: type[Model], **narrowed: Any) -> str:
    options = model._meta
    page = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
    return f"{page}?{urlencode(narrowed)}"


def _amount(minor_units: int | None, currency: str) -> str:
    return "" if minor_units is None else money(minor_units, currency)


def _charged(subscription: Subscription) -> str:
    """Return what is charged and how often, with each item named if there are several."""
    told = [
        f"{_amount(each['amount'], each['currency']) or '?'} {_every(each)}"
        for each in subscription_items.sums(subscription)
    ]
    items = [
        f"{item['name']} {_amount(item['amount'], item['currency']) or '?'}"
        for item in subscription.items
    ]
    named = f": {', '.join(items)}" if len(items) > 1 else ""
    return f"{' + '.join(told)}{named}"


def _every(charged: dict[str, Any]) -> str:
    return intervals.every(charged["interval"], charged["interval_count"])


def _yes(value: bool) -> str:
    return _("yes") if value else ""
