"""Tenants and the domains at which they answer; both live in public."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from public_apps.core.email_addresses import AddressField
from public_apps.core.names import NameField
from public_apps.tenants import schema_drop


class Status(models.TextChoices):
    """Where a tenant stands; derived from its times, never stored."""

    SPARE = "spare", _("Spare")
    PROVISIONING = "provisioning", _("Being set up")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    ARCHIVED = "archived", _("Archived")


class TenantQuerySet(models.QuerySet["Tenant"]):
    """Questions about many tenants."""

    def with_status(self) -> TenantQuerySet:
        """Annotate `state`, which agrees with `Tenant.status`."""
        annotated: TenantQuerySet = self.annotate(
            state=Case(
                When(archived_at__isnull=False, then=Value(Status.ARCHIVED.value)),
                When(claimed_at__isnull=True, then=Value(Status.SPARE.value)),
                When(opened_at__isnull=True, then=Value(Status.PROVISIONING.value)),
                When(suspended_at__isnull=False, then=Value(Status.SUSPENDED.value)),
                default=Value(Status.ACTIVE.value),
            )
        )
        return annotated

    def serving(self) -> TenantQuerySet:
        """Return tenants that may be reached at a host: claimed, their schema known to be built."""
        return self.filter(
            provisioned_at__isnull=False, claimed_at__isnull=False, archived_at__isnull=True
        )

    def spare(self) -> TenantQuerySet:
        """Return built tenants that nobody has claimed."""
        return self.filter(
            provisioned_at__isnull=False, claimed_at__isnull=True, archived_at__isnull=True
        )


def opaque_schema_name() -> str:
    """Return a name that says nothing, was never used and never will be again.

    What is built to be given away says where it was built: see `schema_names`.
    """
    return f"t_{secrets.token_hex(12)}"


class Tenant(TenantMixin):
    """A customer's workspace: a PostgreSQL schema and what public knows of it."""

    # A schema is built in `building`, whole or not at all; save() could leave half of one.
    auto_create_schema = False
    auto_drop_schema = False

    schema_name = models.CharField(
        _("schema"), max_length=63, unique=True, default=opaque_schema_name, editable=False
    )
    # Never repeated, not even where nobody notices that the database came back. Archives bear it.
    identity = models.UUIDField(unique=True, db_default=RandomUUID(), editable=False)
    name = NameField(_("name"), max_length=120, blank=True)
    # A default in the database, too: during a release the old code still adds tenants.
    language = models.CharField(_("language"), max_length=8, default="en", db_default="en")
    owner_email = AddressField(_("owner's e-mail"), blank=True)
    migrations_fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    provisioned_at = models.DateTimeField(_("schema built"), null=True, editable=False)
    claimed_at = models.DateTimeField(_("claimed"), null=True, editable=False)
    opened_at = models.DateTimeField(_("opened"), null=True, editable=False)
    suspended_at = models.DateTimeField(_("suspended"), null=True, editable=False)
    suspended_reason = models.CharField(_("why suspended"), max_length=200, blank=True)
    archived_at = models.DateTimeField(_("archived"), null=True, editable=False)
    # When the clock alone may change access: a grace period's end, a paid-until day.
    access_review_at = models.DateTimeField(_("access reviewed next"), null=True, editable=False)
    # Staff's word stands above the subscription's until staff take it back.
    held_at = models.DateTimeField(_("suspended by staff"), null=True, editable=False)

    objects: ClassVar[Any] = TenantQuerySet.as_manager()

    class Meta:
        verbose_name = _("tenant")
        verbose_name_plural = _("tenants")
        constraints = [
            models.CheckConstraint(
                condition=Q(schema_name__regex=r"^t_[0-9a-f]{24}$"), name="schema_name_is_opaque"
            ),
            models.CheckConstraint(
                condition=Q(claimed_at__isnull=True) | Q(provisioned_at__isnull=False),
                name="only_built_tenants_are_claimed",
            ),
            models.CheckConstraint(
                condition=Q(opened_at__isnull=True) | Q(claimed_at__isnull=False),
                name="only_claimed_tenants_are_opened",
            ),
            models.CheckConstraint(
                condition=Q(suspended_at__isnull=False) | Q(suspended_reason=""),
                name="a_reason_needs_a_suspension",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"], condition=Q(claimed_at__isnull=True), name="tenant_spare"
            ),
            models.Index(
                fields=["access_review_at"],
                condition=Q(access_review_at__isnull=False),
                name="tenant_access_due",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.schema_name

    def delete(
        self, force_drop: bool = False, *args: Any, **kwargs: Any
    ) -> tuple[int, dict[str, int]]:
        """Delete the row; raise `NotDroppable` where the library would drop the schema with it."""
        if force_drop or self.auto_drop_schema:
            schema_drop.refuse(self.schema_name)
        deleted: tuple[int, dict[str, int]] = super().delete(*args, **kwargs)
        return deleted

    @property
    def status(self) -> Status:
        """Where this tenant stands."""
        if self.archived_at:
            return Status.ARCHIVED
        if not self.claimed_at:
            return Status.SPARE
        if not self.opened_at:
            return Status.PROVISIONING
        return Status.SUSPENDED if self.suspended_at else Status.ACTIVE

    @property
    def primary_domain(self) -> str:
        """Return the host at which this tenant answers first, or an empty string."""
        primary: Domain | None = self.domains.filter(is_primary=True).first()
        return str(primary.domain) if primary else ""


class AccessChange(models.Model):
    """One line of a tenant's history: when it was suspended or let in again, why, and by what."""

    tenant = models.ForeignKey(Tenant, related_name="access_changes", on_delete=models.CASCADE)
    at = models.DateTimeField(_("when"), auto_now_add=True)
    suspended = models.BooleanField(_("suspended"))
    reason = models.CharField(_("why"), max_length=200)
    cause = models.CharField(
        _("by"), max_length=255, help_text=_("an event's id, a person's e-mail, or the clock")
    )

    class Meta:
        verbose_name = _("change of access")
        verbose_name_plural = _("changes of access")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["tenant", "-at"], name="access_history")]

    def __str__(self) -> str:
        return f"{self.tenant}: {'suspended' if self.suspended else 'let in'}"


class TenantMigration(models.Model):
    """How a tenant's last migration went; written by the fleet's releases, read by staff."""

    tenant = models.OneToOneField(
        Tenant, primary_key=True, related_name="migration", on_delete=models.CASCADE
    )
    at = models.DateTimeField(_("when"))
    head = models.CharField(_("towards"), max_length=64)
    milliseconds = models.PositiveIntegerField(_("took, in ms"))
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("migration of a tenant")
        verbose_name_plural = _("migrations of tenants")
        indexes = [
            models.Index(fields=["-at"], name="migration_newest_first"),
            models.Index(fields=["-at"], condition=~Q(error=""), name="migration_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.tenant}: {'failed' if self.error else 'at head'}"


class Domain(DomainMixin):
    """A host of a tenant. Unique over all tenants, by the database."""

    tenant = models.ForeignKey(
        Tenant, verbose_name=_("tenant"), related_name="domains", on_delete=models.PROTECT
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    # An old name: until then it leads to the tenant's first domain, and nobody else can have it.
    retires_at = models.DateTimeField(_("given up on"), null=True, editable=False)

    class Meta:
        verbose_name = _("domain")
        verbose_name_plural = _("domains")
        constraints = [
            models.CheckConstraint(
                condition=Q(domain__regex=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"),
                name="domain_is_a_plain_host",
            ),
            models.UniqueConstraint(
                fields=["tenant"],
                condition=Q(is_primary=True),
                name="one_primary_domain_per_tenant",
            ),
            models.CheckConstraint(
                condition=Q(retires_at__isnull=True) | Q(is_primary=False),
                name="an_old_name_is_never_primary",
            ),
        ]

    def __str__(self) -> str:
        return str(self.domain)
