"""Another subdomain for a workspace; the old one stays its own, so that links in mails live on."""

from __future__ import annotations

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from public_apps.core import errors
from public_apps.onboarding.models import Signup
from public_apps.tenants import domains, suspension
from public_apps.tenants.models import Domain, Tenant

log = structlog.get_logger(__name__)


@transaction.atomic
def change_subdomain(*, tenant: Tenant, label: str, by: str) -> Domain:
    """Make `<label>.<base>` the workspace's first address and return it. Safe to call again.

    Raises `errors.Invalid` for what is no subdomain, and `errors.Conflict` for a name that
    another workspace answers at or a sign-up holds.
    """
    label = label.strip().lower()
    try:
        domains.check_label(label)
    except domains.NotALabel as refusal:
        raise errors.Invalid(str(refusal), errors={"label": [str(refusal)]}) from refusal
    suspension.lock(tenant.pk)
    host = domains.host_of(label)
    domain: Domain = Domain.objects.get_or_create(
        domain=host, defaults={"tenant": tenant, "is_primary": False}
    )[0]
    if domain.tenant_id != tenant.pk or _is_held_by_another(label, tenant):
        message = _("This name is taken.")
        raise errors.Conflict(message, errors={"label": [message]})
    before = tenant.primary_domain
    tenant.domains.filter(is_primary=True).exclude(pk=domain.pk).update(is_primary=False)
    tenant.domains.filter(pk=domain.pk).update(is_primary=True)
    log.info("subdomain changed", schema=tenant.schema_name, was=before, now=host, by=by)
    domain.refresh_from_db()
    return domain


def _is_held_by_another(label: str, tenant: Tenant) -> bool:
    held = Signup.objects.filter(subdomain=label, released_at__isnull=True)
    return held.exclude(tenant=tenant).exists()
