"""Staff's groups and what each may do: this table is the truth, brought to the database by migrate.

`view`, `add`, `change` and `delete` are Django's own; on pages of records `change` is the right to
act. A grant that staff add to these groups by hand is taken back: make a group of your own for it.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

from public_apps.core import schema_context

_READ = (
    "audit.view_entry",
    "billing.view_customer",
    "billing.view_refund",
    "billing.view_einvoice",
    "billing.view_creditnote",
    "monitoring.view_incident",
    "billing.view_invoice",
    "billing.view_lead",
    "billing.view_manualpayment",
    "billing.view_outsidepurchase",
    "billing.view_payment",
    "billing.view_plan",
    "billing.view_price",
    "billing.view_stripeevent",
    "billing.view_subscription",
    "core.view_outgoingmail",
    "core.view_suppressedaddress",
    "onboarding.view_signup",
    "tenants.view_tenant",
)
_SUPPORT = (
    *_READ,
    "core.delete_suppressedaddress",
    "procrastinate.view_procrastinatejob",
    "staff.add_impersonation",
    "staff.resend_welcome",
    "staff.retry_events",
    "staff.retry_provisioning",
    "staff.view_impersonation",
)
_FINANCE = (
    *_READ,
    "billing.add_customer",
    "billing.add_manualpayment",
    "billing.add_plan",
    "billing.add_price",
    "billing.change_einvoice",
    "billing.change_plan",
    "billing.change_price",
    "billing.delete_price",
    "billing.export_documents",
)
_OPERATOR = (
    *_SUPPORT,
    *_FINANCE,
    "accounts.add_user",
    "accounts.change_user",
    "accounts.view_user",
    "auth.view_group",
    "monitoring.change_incident",
    "billing.change_lead",
    "procrastinate.change_procrastinatejob",
    "staff.change_impersonation",
    "staff.reset_second_factor",
    "tenants.add_tenant",
    "tenants.change_tenant",
    "tenants.delete_tenant",
    "tenants.view_tenantmigration",
)
GRANTS: dict[str, frozenset[str]] = {
    "support": frozenset(_SUPPORT),
    "finance": frozenset(_FINANCE),
    "operator": frozenset(_OPERATOR),
}


def bring_in_line(**_signal: Any) -> None:
    """Have the three groups hold exactly their grants; runs after each migration of public."""
    if not schema_context.is_public():
        return
    for name, granted in GRANTS.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.set(_permissions(granted))


def _permissions(names: frozenset[str]) -> list[Permission]:
    wanted = Q()
    for name in names:
        app, _dot, codename = name.partition(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    found = list(Permission.objects.filter(wanted).select_related("content_type"))
    known = {f"{each.content_type.app_label}.{each.codename}" for each in found}
    if missing := names - known:
        raise LookupError(f"No such permission: {', '.join(sorted(missing))}")
    return found
