"""Access by the clock: a workspace whose schema is damaged bars it for nobody else."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from billing import access
from billing.models import ManualPayment, Subscription
from public_apps.monitoring.models import Incident
from public_apps.tenants.models import Tenant
from public_apps.tenants.schema_drop import drop_schema
from staff.alerts import kinds
from tests.core.web_stack import WebStack, Workspace, create_workspace
from tests.customer import until

OVERDUE = timedelta(days=20)


def overdue() -> Workspace:
    """Return an open workspace whose grace ended days ago, which nobody has looked at since."""
    workspace = create_workspace()
    long_ago = timezone.now() - OVERDUE
    Subscription.objects.create(
        pk=f"sub_{secrets.token_hex(8)}", tenant=workspace.tenant, status="past_due",
        past_due_since=long_ago, synced_at=long_ago,
    )  # fmt: skip
    Tenant.objects.filter(pk=workspace.tenant.pk).update(access_review_at=long_ago)
    return workspace


def damage(workspace: Workspace) -> None:
    """Let the table of people be gone."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {workspace.tenant.schema_name}.accounts_user CASCADE")


@pytest.mark.parametrize("damaged", ["the first", "the last"])
def test_a_damaged_workspace_keeps_no_other_from_being_suspended_or_let_in(
    web_stack: WebStack, damaged: str
) -> None:
    Tenant.objects.update(access_review_at=None)
    broken, behind = (
        (overdue(), overdue()) if damaged == "the first" else (overdue(), overdue())[::-1]
    )
    paid = create_workspace()
    ManualPayment.objects.create(
        tenant=paid.tenant, amount=1, reference="r", paid_until=timezone.now() + OVERDUE
    )
    now = timezone.now()
    Tenant.objects.filter(pk=paid.tenant.pk).update(suspended_at=now, access_review_at=now)
    damage(broken)
    web_stack.stack.start_part("worker")
    try:
        until(lambda: Tenant.objects.get(pk=behind.tenant.pk).suspended_at, within=180)
        until(lambda: not Tenant.objects.get(pk=paid.tenant.pk).suspended_at)
        found = Incident.objects.filter(kind=kinds.SWEEP_FAILING.name, closed_at=None)
        incident = until(lambda: found.filter(subject="review_access").first())
        assert any(broken.tenant.schema_name in line for line in incident.lines)
        assert not any(behind.tenant.schema_name in line for line in incident.lines)
        assert broken.tenant.schema_name in web_stack.stack.log("worker").read_text()
    finally:
        web_stack.stack.stop_part("worker")
        drop_schema(broken.tenant.schema_name)
        Tenant.objects.filter(pk=broken.tenant.pk).update(access_review_at=None)

    access.review_due()
    assert not found.filter(subject="review_access").exists(), "over, as nothing is broken any more"
