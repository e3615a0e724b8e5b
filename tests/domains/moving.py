"""Customers who bring a domain along."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings

from public_apps.tenants.custom_domains import claims, dns_lookup
from public_apps.tenants.models import DomainClaim, Tenant
from tests.domains.name_server import NameServer

ELENI = "eleni@court.example"


def new_host() -> str:
    """Return a domain that nobody has."""
    return f"concierge.c{secrets.token_hex(4)}.gr"


def publish(zone: NameServer, claim: DomainClaim) -> None:
    """Set the two records that the owner was shown."""
    zone.set(dns_lookup.proof_host(claim.host), "TXT", "v=spf1 -all", dns_lookup.proof(claim.token))
    zone.set(claim.host, "CNAME", f"{settings.CUSTOM_DOMAIN_TARGET}.")


def unpublish(zone: NameServer, claim: DomainClaim) -> None:
    """Remove them again."""
    zone.forget(dns_lookup.proof_host(claim.host))
    zone.forget(claim.host)


def verified(zone: NameServer, tenant: Tenant, host: str = "") -> DomainClaim:
    """Return a domain that the tenant has added and proven."""
    claim = claims.add(tenant=tenant, text=host or new_host(), by=ELENI)
    publish(zone, claim)
    claim = claims.check(claim=claim)
    assert claim.verified_at, claim.problem
    return claim


def a_day_later(claim: DomainClaim, days: int = 1) -> DomainClaim:
    """Let time pass for a claim: what happened to it happened so many days earlier."""
    wait = timedelta(days=days)
    row = DomainClaim.objects.get(pk=claim.pk)
    for name in ("checked_at", "verified_at", "failing_since"):
        moment = getattr(row, name)
        setattr(row, name, moment - wait if moment else None)
    row.save()
    return row
