"""What owners do about their addresses, by API and by page: in public, and told in their own log."""

from __future__ import annotations

from django.db import transaction

from public_apps.accounts.models import User
from public_apps.audit import audit
from public_apps.core.schema_context import in_public
from public_apps.tenants.custom_domains import claims, overview, subdomain_change
from public_apps.tenants.custom_domains.overview import Addresses, OwnDomain
from public_apps.tenants.models import DomainClaim, Tenant


def addresses(tenant: Tenant) -> Addresses:
    """Return all addresses of a tenant."""
    with in_public():
        return overview.of(tenant)


def claim_of(tenant: Tenant, pk: int) -> DomainClaim | None:
    """Return one of a tenant's claims, or None."""
    with in_public():
        found: DomainClaim | None = tenant.domain_claims.filter(pk=pk).first()
    return found


def describe(tenant: Tenant, claim: DomainClaim) -> OwnDomain:
    """Return one domain as it stands now."""
    with in_public():
        return overview.own(claim, first=tenant.primary_domain)


@transaction.atomic
def add(*, tenant: Tenant, host: str, by: User) -> DomainClaim:
    """Note a domain as the tenant's own; see `claims.add`."""
    with in_public():
        claim = claims.add(tenant=tenant, text=host, by=by.email)
    _tell(by, tenant, "domain.added", claim.host)
    return claim


def check(*, tenant: Tenant, claim: DomainClaim, by: User) -> DomainClaim:
    """Ask DNS about a claim; see `claims.check`. Call it outside of transactions."""
    was_verified = claim.verified_at is not None
    with in_public():
        checked = claims.check(claim=claim)
    if checked.verified_at and not was_verified:
        _tell(by, tenant, "domain.verified", claim.host)
    return checked


@transaction.atomic
def make_primary(*, tenant: Tenant, host: str, by: User) -> str:
    """Make one of the tenant's addresses its first and return it; see `claims.make_primary`."""
    with in_public():
        claims.make_primary(tenant=tenant, host=host, by=by.email)
    _tell(by, tenant, "domain.made_primary", host)
    return host


@transaction.atomic
def remove(*, tenant: Tenant, claim: DomainClaim, by: User) -> None:
    """Give a domain up; see `claims.remove`."""
    with in_public():
        claims.remove(claim=claim, by=by.email)
    _tell(by, tenant, "domain.removed", claim.host)


@transaction.atomic
def change_subdomain(*, tenant: Tenant, label: str, by: User) -> str:
    """Give the workspace another subdomain and return its host; see `subdomain_change.change`."""
    with in_public():
        domain = subdomain_change.change(tenant=tenant, label=label, by=by.email)
    _tell(by, tenant, "subdomain.changed", domain.domain)
    return str(domain.domain)


def _tell(by: User, tenant: Tenant, action: str, host: str) -> None:
    audit.record(actor=by, action=action, target=tenant, detail={"host": host})
