"""Another subdomain for a workspace; the old one leads there for a while, so that links live on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from public_apps.core import clock, errors
from public_apps.core.sweeps import Sweep
from public_apps.tenants import domains, suspension
from public_apps.tenants.models import Domain, Tenant

log = structlog.get_logger(__name__)
REDIRECTS_FOR = timedelta(days=90)
# How often a name may change: each change leaves an old one, which nobody else can have meanwhile.
MOST_OLD_NAMES = 3


@transaction.atomic
def change(*, tenant: Tenant, label: str, by: str) -> Domain:
    """Give a workspace another subdomain and return it. Safe to call again.

    Raises `errors.Invalid` for what is no subdomain, `errors.Conflict` for a name that another
    workspace answers at or a sign-up holds, and `errors.Refused` after too many changes.
    """
    label = label.strip().lower()
    try:
        domains.check_label(label)
    except domains.NotALabel as refusal:
        raise errors.Invalid(str(refusal), errors={"subdomain": [str(refusal)]}) from refusal
    locked = suspension.lock(tenant.pk)
    before = domains.subdomain_of(locked)
    after = _ours(locked, label)
    if before is None or before.pk == after.pk:
        return after
    if _old_names(locked).exclude(pk=after.pk).count() >= MOST_OLD_NAMES:
        raise errors.Refused(_("The subdomain was changed too often. Old names are kept 90 days."))
    _swap(before, after)
    log.info(
        "subdomain changed", schema=locked.schema_name, was=before.domain, now=after.domain, by=by
    )
    return after


def let_go() -> list[str]:
    """Free the old names whose time is over, each by itself, and return their hosts."""
    hosts: list[str] = []
    RETIRED.of(lambda domain: hosts.extend(_free(domain))).run()
    return hosts


def _over() -> QuerySet[Domain]:
    found: QuerySet[Domain] = Domain.objects.filter(retires_at__lte=Now())
    return found


def _free(domain: Domain) -> list[str]:
    over = _over().select_for_update(skip_locked=True).filter(pk=domain.pk)
    hosts = [each.domain for each in over]
    Domain.objects.filter(domain__in=hosts).delete()
    domains.give_back(hosts)
    return hosts


RETIRED: Sweep[Domain] = Sweep(
    name="let_go",
    rows=_over,
    work=_free,
    named=lambda domain: str(domain.domain),
    order=("retires_at",),
)


def _ours(tenant: Tenant, label: str) -> Domain:
    """Return the tenant's row for this name, which nobody else has or holds."""
    domain: Domain = Domain.objects.get_or_create(
        domain=domains.host_of(label), defaults={"tenant": tenant, "is_primary": False}
    )[0]
    if domain.tenant_id != tenant.pk or domains.is_held(label, by_other_than=tenant):
        message = _("This name is taken.")
        raise errors.Conflict(message, errors={"subdomain": [message]})
    return domain


def _swap(before: Domain, after: Domain) -> None:
    was_first = before.is_primary
    Domain.objects.filter(pk=before.pk).update(
        is_primary=False, retires_at=clock.now() + REDIRECTS_FOR
    )
    after.retires_at = None
    after.is_primary = was_first
    after.save()


def _old_names(tenant: Tenant) -> Any:
    return tenant.domains.filter(retires_at__isnull=False)
