"""However many tenants, events and payments there are, no list of the admin reads a whole table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.models import CreditNote, EInvoice, Lead, ManualPayment, Refund
from public_apps.audit import audit
from public_apps.core.models import SuppressedAddress
from public_apps.core.schema_context import in_public
from public_apps.monitoring.models import Incident
from public_apps.tenants.models import Tenant, TenantMigration
from staff.models import Impersonation
from staff.second_factor import PROVEN, STATE
from staff.site import site
from tests.billing.stripe_stack import StripeStack
from tests.staff.desk import colleague
from tests.tenant_api.volume import FEW, fill, read_through

ROWS = 5_000
LISTS = sorted(
    reverse(f"admin:{each._meta.label_lower.replace('.', '_')}_changelist", "config.urls_public")
    for each in site._registry
)
# Staff, their groups and the plans are few; jobs that are done are deleted after a while.
NEVER_MANY = {"accounts_user", "auth_group", "billing_plan", "procrastinate_jobs"}


@pytest.fixture
def rows(stripe_stack: StripeStack) -> Iterator[dict[str, int]]:
    """Thousands of everything that staff see, there only for the test: how many, by table."""
    eleni = stripe_stack.buy()
    with transaction.atomic(), in_public():
        _make_what_no_purchase_makes(eleni.tenant)
        yield {table: number for table, number in fill(ROWS).items() if table not in NEVER_MANY}
        transaction.set_rollback(True)


def _make_what_no_purchase_makes(tenant: Tenant) -> None:
    now = timezone.now()
    anna = colleague()
    audit.record(actor=anna, action="tenant.suspended", target=tenant)
    Lead.objects.create(email="maria@lead.example", subdomain="maria", organization="Maria")
    ManualPayment.objects.create(tenant=tenant, amount=500, reference="by bank", paid_until=now)
    CreditNote.objects.create(pk="cn_many", tenant=tenant, created_at=now, synced_at=now)
    Refund.objects.create(
        pk="re_many", tenant=tenant, payment_id="pi_many", invoice_id="in_many", created_at=now
    )
    EInvoice.objects.create(kind="invoice", document_id="in_many", tenant=tenant)
    Incident.objects.create(kind="pool_dry", closed_at=now)
    SuppressedAddress.objects.create(address="gone@lead.example", reason="bounced")
    TenantMigration.objects.create(tenant=tenant, at=now, head="0001", milliseconds=3)
    Impersonation.objects.create(
        tenant=tenant,
        staff=anna,
        person_id=1,
        person_email="eleni@acme.example",
        reason="asked for help",
        token_hash="of a token",
        token_expires_at=now,
        ends_at=now + timedelta(minutes=20),
    )


def test_no_list_of_the_admin_reads_a_whole_table(rows: dict[str, int]) -> None:
    shown = {each._meta.db_table for each in site._registry} - NEVER_MANY
    assert all(rows[table] > FEW for table in shown), "nothing is proven of an empty list"
    client = Client(headers={"Host": "localhost"})
    client.force_login(colleague(is_superuser=True))
    session = client.session
    session[STATE] = PROVEN
    session.save()
    wasteful = {path: read_through(client, path, rows) for path in LISTS}
    assert {path: found for path, found in wasteful.items() if found} == {}
    # By a part of a name: all are read before it is known who bears it.
    tenants = next(path for path in LISTS if path.endswith("/tenants/tenant/"))
    assert read_through(client, f"{tenants}?q=nobody", rows), "or else nothing is seen at all"
