"""A tenant's addresses, as its owners see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from public_apps.tenants import domains
from public_apps.tenants.custom_domains import dns_lookup, domain_names
from public_apps.tenants.models import Domain, DomainClaim, Tenant


@dataclass(frozen=True, kw_only=True)
class Record:
    """A DNS record that a domain needs."""

    type: str
    name: str
    value: str


@dataclass(frozen=True, kw_only=True)
class OwnDomain:
    """A tenant's own domain, how it stands, and the records that it needs."""

    id: int
    host: str
    name: str
    is_primary: bool
    verified_at: datetime | None
    checked_at: datetime | None
    failing_since: datetime | None
    problem: str
    problem_text: str
    records: list[Record]


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """The present subdomain, old ones that still lead to it, and own domains."""

    subdomain: str
    subdomain_host: str
    subdomain_is_primary: bool
    old_names: list[Domain]
    own: list[OwnDomain]


def of(tenant: Tenant) -> Addresses:
    """Return all addresses of a tenant."""
    present = domains.subdomain_of(tenant)
    host = present.domain if present else ""
    first = tenant.primary_domain
    return Addresses(
        subdomain=domains.label_of(host),
        subdomain_host=host,
        subdomain_is_primary=host == first,
        old_names=list(tenant.domains.filter(retires_at__isnull=False).order_by("retires_at")),
        own=[own(claim, first=first) for claim in tenant.domain_claims.order_by("pk")],
    )


def own(claim: DomainClaim, *, first: str = "") -> OwnDomain:
    """Return one domain; `first` is the tenant's first host."""
    return OwnDomain(
        id=claim.pk,
        host=claim.host,
        name=domain_names.display_name(claim.host),
        is_primary=claim.host == first,
        verified_at=claim.verified_at,
        checked_at=claim.checked_at,
        failing_since=claim.failing_since,
        problem=claim.problem,
        problem_text=str(claim.get_problem_display()) if claim.problem else "",
        records=[
            Record(
                type="TXT",
                name=dns_lookup.proof_host(claim.host),
                value=dns_lookup.proof(claim.token),
            ),
            Record(type="CNAME", name=claim.host, value=settings.CUSTOM_DOMAIN_TARGET),
        ],
    )
