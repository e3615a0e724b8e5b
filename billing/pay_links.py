"""Links in mails to an invoice that is to be paid: they live as long as the debt, unlike Stripe's own.

Stripe's page of an invoice ends 30 days after it was due; this link asks for it anew at each click. It
is signed and takes no sign-in, as Stripe's page takes none: whoever keeps the books may pay. It opens
that one invoice, in its own workspace, and only while something is to be paid.
"""

from __future__ import annotations

from django.core import signing
from django.urls import reverse

from billing.models import Invoice
from public_apps.tenants import domains
from public_apps.tenants.models import Tenant

SALT = "billing.pay"


class NoSuchLink(Exception):
    """Nobody was given this link, or it is another workspace's."""


def to(invoice: Invoice) -> str:
    """Return the link to pay an invoice by; empty if Stripe has no page for it."""
    if invoice.tenant is None or not invoice.hosted_url:
        return ""
    token = signing.Signer(salt=SALT).sign_object(invoice.pk)
    path = reverse("billing-pay", urlconf="config.urls_tenant", kwargs={"token": token})
    return domains.url_of(invoice.tenant, path)


def invoice_of(tenant: Tenant, token: str) -> Invoice:
    """Return the invoice that a link is about, settled or not; raises `NoSuchLink`."""
    try:
        invoice_id = signing.Signer(salt=SALT).unsign_object(token)
    except signing.BadSignature as refusal:
        raise NoSuchLink from refusal
    found: Invoice | None = Invoice.objects.filter(pk=invoice_id, tenant=tenant).first()
    if found is None:
        raise NoSuchLink
    return found


def is_owed(invoice: Invoice) -> bool:
    """Tell whether something is to be done about an invoice; not while a debit is under way."""
    waits = invoice.debit_under_way  # whether it was paid is not known yet
    return invoice.status == "open" and invoice.gone_at is None and not waits
