"""Domains of tenants, as jobs: asked about once a day, and old names let go."""

from __future__ import annotations

from public_apps.core import jobs, sweeps
from public_apps.core.sweeps import Sweep
from public_apps.tenants.custom_domains import claims, subdomain_change
from public_apps.tenants.models import DomainClaim


@jobs.periodic(
    "custom_domains.sweep_domains",
    cron="*/10 * * * *",
    rank=jobs.HOUSEKEEPING,
    sweeps=("sweep_domains", "let_go"),
)
def sweep_domains(timestamp: int) -> None:
    """Ask for each verified domain once a day, and let go the old names whose time is over."""
    sweeps.each(STALE.run, subdomain_change.let_go)


def enqueue(claim: DomainClaim) -> None:
    """Enqueue the question about a domain unless it is waiting."""
    jobs.defer_once("custom_domains.check_domain", lock=f"domain:{claim.pk}", claim_id=claim.pk)


STALE: Sweep[DomainClaim] = Sweep(
    name="sweep_domains",
    rows=claims.due,
    work=enqueue,
    named=lambda claim: f"domain {claim.pk}",
    order=("checked_at", "pk"),
    most=500,
)


@jobs.task("custom_domains.check_domain", rank=jobs.LAST)
def check_domain(claim_id: int) -> None:
    """Ask DNS about one domain again."""
    claim = DomainClaim.objects.filter(pk=claim_id).first()
    if claim is not None:
        claims.check(claim=claim, hurried=False)
