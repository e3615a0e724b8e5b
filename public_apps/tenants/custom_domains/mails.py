"""The mail about a domain whose records are gone."""

from __future__ import annotations

from public_apps.core import mail
from public_apps.core.mail import Content
from public_apps.core.models import OutgoingMail
from public_apps.tenants import links
from public_apps.tenants.custom_domains import claims, domain_names
from public_apps.tenants.models import DomainClaim


@mail.composes(claims.FAILING)
def domain_failing(outgoing: OutgoingMail) -> Content | None:
    """Say what DNS lacks, and until when the domain is still served; None once all is well again."""
    pk = outgoing.key.partition(":")[0]
    failing = DomainClaim.objects.filter(pk=pk, failing_since__isnull=False)
    claim = failing.select_related("tenant").first()
    if claim is None or claim.failing_since is None:
        return None
    return Content(
        template="domain_failing",
        context={
            "organization": claim.tenant.name,
            "host": domain_names.display_name(claim.host),
            "problem": claim.get_problem_display(),
            "until": claim.failing_since + claims.GRACE,
            "url": links.to(claim.tenant, "domains"),
        },
    )
