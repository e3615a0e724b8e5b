"""Buildings, their apartments, and who lives in or owns them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from public_apps.core.email_addresses import AddressField
from public_apps.core.names import NameField
from public_apps.core.versions import Versioned
from tenant_apps.buildings.ranges import Days, OneKey

ALL_MILLS = 1000


class Party(models.TextChoices):
    """In which of two capacities somebody has to do with an apartment."""

    OWNER = "owner", _("Owner")
    TENANT = "tenant", _("Tenant")


class Building(Versioned):
    """One building with common expenses."""

    name = NameField(_("name"), max_length=120)
    address = models.CharField(_("address"), max_length=300)
    vat_number = models.CharField(_("VAT number"), max_length=14, blank=True)
    notes = models.TextField(_("notes"), max_length=4000, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("building")
        verbose_name_plural = _("buildings")
        constraints = [
            models.UniqueConstraint(Lower("name"), name="one_building_per_name"),
            models.CheckConstraint(condition=~Q(name=""), name="a_building_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def etag(self) -> str:
        """Return this version's ETag; another one when what is counted with it has changed."""
        counted = [getattr(self, name, "") for name in ("apartment_count", "mills_sum")]
        return '"{}-{}-{}"'.format(super().etag.strip('"'), *counted)


class Apartment(Versioned):
    """One unit of a building; `mills` is its part in a thousand of what is shared by mills."""

    building = models.ForeignKey(
        Building, verbose_name=_("building"), related_name="apartments", on_delete=models.PROTECT
    )
    number = models.CharField(_("number"), max_length=20)
    floor = models.SmallIntegerField(
        _("floor"),
        default=0,
        validators=[MinValueValidator(-10), MaxValueValidator(200)],
        help_text=_("0 is the ground floor, -1 the first basement"),
    )
    area = models.DecimalField(
        _("area"),
        max_digits=7,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("square metres"),
    )
    mills = models.PositiveSmallIntegerField(
        _("mills"),
        default=0,
        validators=[MaxValueValidator(ALL_MILLS)],
        help_text=_("of a thousand; all apartments of a building together have 1000"),
    )
    owner_name = NameField(_("owner's name"), max_length=120, blank=True)
    owner_email = AddressField(_("owner's e-mail"), max_length=254, blank=True)
    owner_phone = models.CharField(_("owner's phone"), max_length=40, blank=True)
    tenant_name = NameField(_("tenant's name"), max_length=120, blank=True)
    tenant_email = AddressField(_("tenant's e-mail"), max_length=254, blank=True)
    tenant_phone = models.CharField(_("tenant's phone"), max_length=40, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("apartment")
        verbose_name_plural = _("apartments")
        constraints = [
            models.UniqueConstraint("building", Lower("number"), name="one_apartment_per_number"),
            models.CheckConstraint(condition=~Q(number=""), name="an_apartment_has_a_number"),
            models.CheckConstraint(condition=Q(mills__lte=ALL_MILLS), name="mills_of_a_thousand"),
            models.CheckConstraint(
                condition=Q(floor__gte=-10, floor__lte=200), name="floor_of_a_house"
            ),
        ]

    def __str__(self) -> str:
        return self.number


def _one_at_a_time(kind: Party) -> ExclusionConstraint:
    return ExclusionConstraint(
        name=f"one_{kind.value}_at_a_time",
        expressions=[
            (OneKey("apartment"), RangeOperators.OVERLAPS),
            (Days("starts_on", "ends_on"), RangeOperators.OVERLAPS),
        ],
        condition=Q(kind=kind.value),
    )


class Residency(Versioned):
    """Somebody's time as owner or tenant of an apartment: what lets them see it."""

    apartment = models.ForeignKey(
        Apartment,
        verbose_name=_("apartment"),
        related_name="residencies",
        on_delete=models.PROTECT,
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        related_name="residencies",
        on_delete=models.PROTECT,
    )
    kind = models.CharField(_("kind"), max_length=6, choices=Party)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True, help_text=_("the last day"))
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("residency")
        verbose_name_plural = _("residencies")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="residency_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=Party.values), name="residency_of_a_known_kind"
            ),
            _one_at_a_time(Party.OWNER),
            _one_at_a_time(Party.TENANT),
        ]
        indexes = [models.Index(fields=["user", "starts_on"], name="residencies_of_somebody")]

    def __str__(self) -> str:
        return f"{self.user} · {self.apartment}"


class Work(models.Model):
    """Something long that the worker does for somebody, who can watch how far it is."""

    class Kind(models.TextChoices):
        IMPORT = "import", _("Import of apartments")
        ISSUE = "issue", _("Issue of a month")
        SAMPLE = "sample", _("Sample building")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    subject_id = models.BigIntegerField(_("of what"), help_text=_("a building's or a month's id"))
    content = models.TextField(_("what was sent"), blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, related_name="+", null=True, on_delete=models.SET_NULL
    )
    steps = models.PositiveIntegerField(_("steps"), default=0)
    steps_done = models.PositiveIntegerField(_("steps done"), default=0)
    report = models.JSONField(_("report"), default=list, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(_("asked for"), default=timezone.now)
    started_at = models.DateTimeField(_("started"), null=True)
    done_at = models.DateTimeField(_("done"), null=True)
    refused_at = models.DateTimeField(_("refused"), null=True)

    class Meta:
        verbose_name = _("work")
        verbose_name_plural = _("work")
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(refused_at__isnull=True),
                name="work_is_done_or_refused",
            )
        ]
        indexes = [
            models.Index(fields=["kind", "subject_id", "-created_at"], name="work_newest"),
            models.Index(fields=["-created_at"], name="work_newest_of_all"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject_id}"

    @property
    def status(self) -> str:
        """Return `waiting`, `working`, `done` or `refused`."""
        if self.done_at:
            return "done"
        if self.refused_at:
            return "refused"
        return "working" if self.started_at else "waiting"
