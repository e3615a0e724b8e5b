"""A tenant's own domains: claimed, proven by DNS, served, first or not, and given up again."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from public_apps.core import clock, mail
from public_apps.core.errors import Conflict, Invalid, Refused
from public_apps.tenants import domains, suspension
from public_apps.tenants.custom_domains import dns_lookup, domain_names
from public_apps.tenants.models import DnsProblem, Domain, DomainClaim, Tenant

log = structlog.get_logger(__name__)
MOST_CLAIMS = 10
# Between two questions to DNS about one domain that people ask for.
PAUSE = timedelta(seconds=10)
EVERY = timedelta(hours=23)
# A verified domain whose records are gone is served for so long: its owner may be moving house.
GRACE = timedelta(days=3)
FAILING = "domain_failing"


@transaction.atomic
def add(*, tenant: Tenant, text: str, by: str) -> DomainClaim:
    """Note that a tenant calls a domain its own; nothing is served there yet. Safe to call again.

    Raises `errors.Invalid` for what is no domain of a customer's, `errors.Refused` for too many.
    """
    try:
        host = domain_names.read(text)
    except domain_names.NotADomain as refusal:
        raise Invalid(str(refusal), errors={"host": [str(refusal)]}) from refusal
    locked = suspension.lock(tenant.pk)
    known: DomainClaim | None = locked.domain_claims.filter(host=host).first()
    if known is not None:
        return known
    if locked.domain_claims.count() >= MOST_CLAIMS:
        raise Refused(_("You have too many domains. Remove one first."))
    log.info("domain claimed", schema=locked.schema_name, host=host, by=by)
    return DomainClaim.objects.create(tenant=locked, host=host)


def check(*, claim: DomainClaim, hurried: bool = True) -> DomainClaim:
    """Ask DNS about a claim, and serve the domain or not, as that answers; return the claim.

    Raises `errors.Refused` if somebody asked a moment ago. Call it outside of transactions: DNS may
    take seconds to answer.
    """
    now = clock.now()
    if hurried and claim.checked_at and claim.checked_at > now - PAUSE:
        raise Refused(_("DNS was asked a moment ago. Please wait ten seconds."))
    # Noted before the question, so that a second one in the meantime is refused.
    DomainClaim.objects.filter(pk=claim.pk).update(checked_at=now)
    problem = dns_lookup.problem_of(claim.host, token=claim.token)
    with transaction.atomic():
        suspension.lock(claim.tenant_id)
        held = DomainClaim.objects.select_for_update().filter(pk=claim.pk).first()
        if held is None:
            raise Conflict(_("Somebody has removed this domain meanwhile."))
        _judge(held, problem)
        held.save()
    return held


def due() -> QuerySet[DomainClaim]:
    """Return the claims that DNS should be asked about again: verified ones, once a day."""
    stale = Q(checked_at=None) | Q(checked_at__lte=clock.now() - EVERY)
    return DomainClaim.objects.filter(
        stale, verified_at__isnull=False, tenant__archived_at__isnull=True
    )


@transaction.atomic
def make_primary(*, tenant: Tenant, host: str, by: str) -> Domain:
    """Make one of a tenant's addresses the first: links lead there, and pages of others redirect.

    Raises `errors.Refused` for a host that is not served for it, or that DNS has doubts about.
    """
    locked = suspension.lock(tenant.pk)
    domain: Domain | None = locked.domains.filter(domain=host, retires_at=None).first()
    if domain is None or locked.domain_claims.filter(host=host).exclude(problem="").exists():
        raise Refused(_("Only a domain that is verified, without a problem, can be the first."))
    domains.put_first(domain)
    log.info("first address chosen", schema=locked.schema_name, host=host, by=by)
    return domain


@transaction.atomic
def remove(*, claim: DomainClaim, by: str) -> None:
    """Give a domain up: it is served no more, and whoever proves it theirs may have it."""
    suspension.lock(claim.tenant_id)
    _unserve(claim)
    DomainClaim.objects.filter(pk=claim.pk).delete()
    log.info("domain given up", host=claim.host, by=by)


def _judge(claim: DomainClaim, problem: DnsProblem) -> None:
    if problem is DnsProblem.NONE and claim.verified_at is None and not _serve(claim):
        problem = DnsProblem.ELSEWHERE
    claim.checked_at = clock.now()
    claim.problem = problem
    if problem is DnsProblem.NONE:
        claim.verified_at = claim.verified_at or claim.checked_at
        claim.failing_since = None
    elif claim.verified_at and problem is not DnsProblem.NO_ANSWER:
        _doubt(claim, claim.checked_at)


def _doubt(claim: DomainClaim, now: datetime) -> None:
    """Lead people to the subdomain at once; after a while, serve the domain no more."""
    domains.step_back(claim.tenant, host=claim.host)
    if claim.failing_since is None:
        claim.failing_since = now
        _tell(claim)
    elif claim.failing_since <= now - GRACE:
        _unserve(claim)
        claim.verified_at = claim.failing_since = None
    log.warning("domain failing", host=claim.host, problem=claim.problem)


def _serve(claim: DomainClaim) -> bool:
    """Let the tenant answer at the domain; False if another one does."""
    domain = Domain.objects.get_or_create(
        domain=claim.host, defaults={"tenant": claim.tenant, "is_primary": False}
    )[0]
    return bool(domain.tenant_id == claim.tenant_id)


def _unserve(claim: DomainClaim) -> None:
    domains.step_back(claim.tenant, host=claim.host)
    claim.tenant.domains.filter(domain=claim.host).delete()


def _tell(claim: DomainClaim) -> None:
    tenant = claim.tenant
    if tenant.owner_email:
        key = f"{claim.pk}:{claim.failing_since:%Y%m%d%H%M%S}"
        mail.enqueue(kind=FAILING, key=key, to=tenant.owner_email, language=tenant.language)
