"""A tenant's word that a domain is its own, and what DNS says to that."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class DnsProblem(models.TextChoices):
    """What DNS lacked when it was last asked."""

    NONE = "", _("None")
    NO_PROOF = "no_proof", _("The TXT record is missing.")
    NOT_HERE = "not_here", _("The domain does not point to us.")
    NO_ANSWER = "no_answer", _("The domain's name servers do not answer.")
    ELSEWHERE = "elsewhere", _("Another workspace answers at this domain.")


def new_token() -> str:
    """Return what nobody can guess."""
    return secrets.token_hex(16)


class DomainClaim(models.Model):
    """A domain that a tenant calls its own. Only a verified one has a `Domain`, and is served.

    Any number of tenants may claim a domain, or a claim alone would keep its true owner out.
    """

    tenant = models.ForeignKey(
        "tenants.Tenant", related_name="domain_claims", on_delete=models.CASCADE
    )
    host = models.CharField(_("domain"), max_length=253)
    token = models.CharField(max_length=32, default=new_token, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    checked_at = models.DateTimeField(_("DNS last asked"), null=True, editable=False)
    verified_at = models.DateTimeField(_("verified"), null=True, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    problem = models.CharField(_("problem"), max_length=10, choices=DnsProblem, blank=True)

    class Meta:
        verbose_name = _("claim to a domain")
        verbose_name_plural = _("claims to domains")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "host"], name="one_claim_per_tenant"),
            models.UniqueConstraint(
                fields=["host"],
                condition=Q(verified_at__isnull=False),
                name="one_tenant_per_verified_domain",
            ),
            models.CheckConstraint(
                condition=Q(
                    host__regex=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*$"
                ),
                name="claimed_domain_is_a_plain_host",
            ),
            models.CheckConstraint(
                condition=Q(failing_since__isnull=True) | Q(verified_at__isnull=False),
                name="only_verified_domains_fail",
            ),
        ]

    def __str__(self) -> str:
        return self.host
