"""What our support does in somebody's name leaves alone what only that person can do."""

from __future__ import annotations

from public_apps.accounts.models import Role, User
from public_apps.audit import audit
from public_apps.tenants.models import Tenant
from tenant_apps.announcements import actions
from tenant_apps.announcements.models import Announcement, Read


def test_what_support_opens_in_somebodys_name_is_not_read_by_them(tenant: Tenant) -> None:
    anna = User.objects.create_user("anna@unit.example", role=Role.RESIDENT)
    told = Announcement.objects.create(title="Water", body="On Monday.", author=anna)
    with audit.impersonated_by("support@ours.example"):
        actions.mark_read(announcement=told, by=anna)
    assert not Read.objects.filter(user=anna).exists()
    actions.mark_read(announcement=told, by=anna)
    assert Read.objects.filter(user=anna).exists()
