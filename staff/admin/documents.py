"""Documents: invoices, credit notes, refunds, a month to take along, and their way to the authority."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.views import ChangeList

from billing.documents import export, fresh_links, given_back
from billing.documents.fresh_links import Links
from billing.einvoicing import outbox
from billing.models import CreditNote, EInvoice, Invoice, Refund
from public_apps.audit import audit
from public_apps.core import errors
from public_apps.core.templatetags.money import money
from staff import forms
from staff.admin.confirmation import AdminAction, Question, ask, confirmed, note, question, staff_of
from staff.admin.filters import (
    CreditNoteStatusFilter,
    EInvoiceKindFilter,
    InvoiceStatusFilter,
    RefundStatusFilter,
)
from staff.admin.read_only import RecordAdmin
from staff.site import site


class InvoiceList(ChangeList):
    """Invoices with what was given back of each: looked up for the rows of the page alone."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        page: list[Any] = list(self.result_list)  # type: ignore[has-type]  # Django's stubs lack it
        _add_given_back(page)
        self.result_list = page


@admin.register(Invoice, site=site)
class InvoiceAdmin(RecordAdmin):
    list_display = (
        "number", "tenant", "status", "amount_due", "amount_paid", "refunded", "credited",
        "buyer_tax_id", "created_at",
    )  # fmt: skip
    search_fields = ("id", "number", "customer_id", "tenant__name", "buyer_name", "buyer_tax_id")
    list_filter = (InvoiceStatusFilter,)
    list_select_related = ("tenant",)
    ordering = ("-created_at",)
    actions_list = ("export_month",)
    actions_detail = ("see_page", "see_pdf")
    readonly_fields = ("refunded", "credited", "credit_notes", "mark")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show what came after the invoice beside what it says."""
        return [*super().get_readonly_fields(request, obj), *self.readonly_fields]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return InvoiceList

    @admin.display(description=gettext_lazy("given back"))
    def refunded(self, invoice: Any) -> str:
        if not hasattr(invoice, "given_back"):  # looked at alone
            _add_given_back([invoice])
        return money(invoice.given_back, invoice.currency) if invoice.given_back else ""

    @admin.display(description=gettext_lazy("credited"))
    def credited(self, invoice: Invoice) -> str:
        credit = invoice.amount_credited
        return money(credit, invoice.currency) if credit else ""

    @admin.display(description=gettext_lazy("credit notes"))
    def credit_notes(self, invoice: Invoice) -> str:
        notes = CreditNote.objects.filter(invoice_id=invoice.pk).order_by("issued_at")
        return ", ".join(
            f"{each.number} ({money(each.total or 0, each.currency)}, {each.status})"
            for each in notes
        )

    @admin.display(description="MARK")
    def mark(self, invoice: Invoice) -> str:
        sent = EInvoice.objects.filter(kind="invoice", document_id=invoice.pk, cancels=False)
        return sent.values_list("mark", flat=True).first() or ""

    def has_export_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether this person may take a month's documents along, with everybody's names."""
        return request.user.has_perm("billing.export_documents")

    @question(name=gettext_lazy("Export a month"), at="export", permission="export")
    def export_month(self, request: HttpRequest) -> HttpResponse:
        """Hand a month's documents over as a file; who took which is in the audit log."""

        def act(answers: dict[str, Any]) -> HttpResponse:
            made = export.made(month=answers["month"], form=answers["format"])
            detail = {"month": answers["month"], "format": answers["format"], "rows": made.rows}
            audit.record(actor=staff_of(request), action="documents.exported", detail=detail)
            disposition = f'attachment; filename="{made.name}"'
            return HttpResponse(
                made.content,
                content_type=made.content_type,
                headers={"Content-Disposition": disposition, "Cache-Control": "no-store"},
            )

        asked = Question(
            title=_("Export a month"),
            button=_("Download"),
            form=forms.MonthForm,
            act=act,
            explanation=_(
                "Invoices, credit notes, refunds and payments by hand. A month begins and ends at "
                "midnight in Athens."
            ),
        )
        return ask(request, asked, admin=self)

    @question(name=gettext_lazy("Page at Stripe"), at="see-page", permission="view")
    def see_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead on to the invoice's page by a fresh link."""
        invoice = get_object_or_404(Invoice, pk=object_id)
        return _lead_on(request, invoice, lambda: fresh_links.of_invoice(invoice), "page")

    @question(name=gettext_lazy("PDF"), at="see-pdf", permission="view")
    def see_pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead on to the invoice's PDF by a fresh link."""
        invoice = get_object_or_404(Invoice, pk=object_id)
        return _lead_on(request, invoice, lambda: fresh_links.of_invoice(invoice), "pdf")


@admin.register(CreditNote, site=site)
class CreditNoteAdmin(RecordAdmin):
    list_display = (
        "number", "invoice_number", "tenant", "status", "total", "tax", "currency", "issued_at",
    )  # fmt: skip
    search_fields = ("id", "number", "invoice_number", "customer_id", "tenant__name")
    list_filter = (CreditNoteStatusFilter,)
    list_select_related = ("tenant",)
    ordering = ("-created_at",)
    actions_detail = ("see_pdf",)

    @question(name=gettext_lazy("PDF"), at="see-pdf", permission="view")
    def see_pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead on to the credit note's PDF by a fresh link."""
        found = get_object_or_404(CreditNote, pk=object_id)
        return _lead_on(request, found, lambda: fresh_links.of_credit_note(found), "pdf")


@admin.register(Refund, site=site)
class RefundAdmin(RecordAdmin):
    list_display = ("id", "tenant", "status", "amount", "currency", "reason", "created_at")
    search_fields = ("id", "payment_id", "invoice_id", "customer_id", "tenant__name")
    list_filter = (RefundStatusFilter,)
    list_select_related = ("tenant",)
    ordering = ("-created_at",)


@admin.register(EInvoice, site=site)
class EInvoiceAdmin(RecordAdmin):
    list_display = (
        "number", "kind", "cancels", "tenant", "state", "mark", "attempts", "error", "created_at",
    )  # fmt: skip
    search_fields = ("number", "document_id", "mark", "tenant__name")
    list_filter = (EInvoiceKindFilter, "sent_at", "failed_at")
    list_select_related = ("tenant",)
    ordering = ("-id",)
    actions = ("retry_chosen",)

    @admin.display(description=gettext_lazy("status"))
    def state(self, row: EInvoice) -> str:
        return str(row.status.label)

    @admin.action(description=gettext_lazy("Try again now"), permissions=["act"])
    def retry_chosen(self, request: HttpRequest, rows: QuerySet[EInvoice]) -> HttpResponse | None:
        """Let those that were given up, or that wait, be tried now."""
        if asked := confirmed(request, rows, admin=self, button=_("Try again now")):
            return asked
        said = _("Tried again now.")
        tried = [row for row in rows if outbox.retry(row)]
        for row in tried:
            note(request, AdminAction(said=said, to=row, action="einvoice.retried"))
        messages.success(request, f"{said} ({len(tried)})")
        return None


def _add_given_back(invoices: Sequence[Any]) -> None:
    sums = given_back.of_invoices([each.pk for each in invoices])
    for each in invoices:
        each.given_back = sums.get(each.pk, 0)


def _lead_on(
    request: HttpRequest, row: Any, ask_for: Callable[[], Links], what: str
) -> HttpResponse:
    try:
        return HttpResponseRedirect(fresh_links.pick(ask_for(), what))
    except errors.Problem as problem:
        messages.error(request, problem.detail)
        name = f"admin:billing_{row._meta.model_name}_change"
        return HttpResponseRedirect(reverse(name, args=(row.pk,)))
