"""What our staff did in the name of a tenant's people, and what staff may be allowed to do."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from public_apps.tenants.models import Tenant


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody of a tenant, as an entry of its log names them."""

    pk: int
    email: str


class Impersonation(models.Model):
    """A while in which one of our staff works as somebody of a tenant, with a reason."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(
        Tenant, verbose_name=_("tenant"), related_name="impersonations", on_delete=models.CASCADE
    )
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("our staff"), on_delete=models.PROTECT
    )
    # Somebody of the tenant's own schema, so no foreign key.
    person_id = models.BigIntegerField(_("person's id"))
    person_email = models.EmailField(_("in whose name"))
    reason = models.CharField(_("reason"), max_length=200)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("asked"), default=timezone.now)
    token_expires_at = models.DateTimeField(_("hand-over until"))
    redeemed_at = models.DateTimeField(_("begun"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"))
    ended_at = models.DateTimeField(_("ended before"), null=True, blank=True)

    class Meta:
        verbose_name = _("impersonation")
        verbose_name_plural = _("impersonations")
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="impersonation_has_a_reason"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("created_at")), name="impersonation_ends_after_it_begins"
            ),
        ]
        indexes = [models.Index(fields=["-created_at"], name="impersonation_newest")]
        permissions = [
            ("retry_events", _("Can retry Stripe events")),
            ("retry_provisioning", _("Can retry provisioning")),
            ("resend_welcome", _("Can send the welcome mail again")),
            ("reset_second_factor", _("Can reset a colleague's second factor")),
        ]

    def __str__(self) -> str:
        return f"{self.staff} as {self.person_email}"

    @property
    def person(self) -> Person:
        """Return in whose name it is."""
        return Person(pk=self.person_id, email=self.person_email)
