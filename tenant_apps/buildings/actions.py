"""Writes about buildings, apartments and residencies, under the database's constraints."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.db.models import Model, ProtectedError
from django.utils.translation import gettext as _

from public_apps.accounts.models import User
from public_apps.core.constraint_errors import refused_as
from public_apps.core.errors import Conflict, Invalid, Refused
from public_apps.tenants import quotas
from public_apps.tenants.models import Tenant
from tenant_apps.buildings import vat
from tenant_apps.buildings.models import Apartment, Building, Residency


class BuildingFields(TypedDict, total=False):
    """What can be said of a building."""

    name: str
    address: str
    vat_number: str
    notes: str


class ApartmentFields(TypedDict, total=False):
    """What can be said of an apartment."""

    number: str
    floor: int
    area: Decimal | None
    mills: int
    owner_name: str
    owner_email: str
    owner_phone: str
    tenant_name: str
    tenant_email: str
    tenant_phone: str


class ResidencyFields(TypedDict, total=False):
    """What can be said of a residency once it is there."""

    starts_on: date
    ends_on: date | None


def add_building(**fields: Unpack[BuildingFields]) -> Building:
    """Add a building; raises `Conflict` when there is one of that name."""
    return _kept_building(Building(), fields)


def change_building(*, building: Building, **fields: Unpack[BuildingFields]) -> Building:
    """Change what is given of a locked building; raises `Conflict` as `add_building` does."""
    return _kept_building(building, fields)


def remove_building(*, building: Building) -> None:
    """Remove a building that nothing belongs to; raises `Refused` otherwise."""
    _remove(building, _("Apartments or records belong to this building: it can't be removed."))


def add_apartment(
    *, tenant: Tenant, building: Building, **fields: Unpack[ApartmentFields]
) -> Apartment:
    """Add an apartment; raises `Conflict` for a taken number, and what the plan's limit raises."""
    with transaction.atomic():
        quotas.check(quotas.APARTMENTS, tenant=tenant, adding=1)
        return _kept_apartment(Apartment(building=building), fields)


def add_apartments(*, tenant: Tenant, apartments: list[Apartment]) -> None:
    """Add many at once or none; raises `Conflict` for a taken number, and what the limit raises."""
    with transaction.atomic():
        quotas.check(quotas.APARTMENTS, tenant=tenant, adding=len(apartments))
        with refused_as(one_apartment_per_number=_number_taken()):
            Apartment.objects.bulk_create(apartments, batch_size=500)


def change_apartment(*, apartment: Apartment, **fields: Unpack[ApartmentFields]) -> Apartment:
    """Change what is given of a locked apartment; raises `Conflict` for a taken number."""
    return _kept_apartment(apartment, fields)


def set_mills(*, building: Building, mills: dict[int, int]) -> None:
    """Set the mills of many apartments of a building, by their ids, in one go."""
    with transaction.atomic():
        # In the order in which issuing locks them, so that neither waits for the other for ever.
        apartments = building.apartments.filter(pk__in=mills).order_by("pk")
        for apartment in apartments.select_for_update(no_key=True):
            if apartment.mills != mills[apartment.pk]:
                apartment.mills = mills[apartment.pk]
                apartment.full_clean(validate_constraints=False)
                apartment.save(update_fields=["mills"])


def remove_apartment(*, apartment: Apartment) -> None:
    """Remove an apartment that has no history; raises `Refused` otherwise."""
    _remove(apartment, _("Residents or charges belong to this apartment: it can't be removed."))


def add_residency(
    *, apartment: Apartment, user: User, kind: str, starts_on: date, ends_on: date | None = None
) -> Residency:
    """Make somebody owner or tenant of an apartment for a time.

    Raises `Conflict` while somebody else is, and `Invalid` when it would end before it starts.
    """
    residency = Residency(
        apartment=apartment, user=user, kind=kind, starts_on=starts_on, ends_on=ends_on
    )
    return _kept_residency(residency)


def change_residency(*, residency: Residency, **fields: Unpack[ResidencyFields]) -> Residency:
    """Change the days of a locked residency; raises as `add_residency` does."""
    return _kept_residency(_filled(residency, fields))


def remove_residency(*, residency: Residency) -> None:
    """Remove a residency that was a mistake; one that has ended gets its last day instead."""
    residency.delete()


def _kept_building(building: Building, fields: BuildingFields) -> Building:
    _filled(building, fields)
    building.vat_number = vat.tidy(building.vat_number)
    building.full_clean(validate_constraints=False)
    message = _("There is a building of this name.")
    with refused_as(one_building_per_name=Conflict(message, errors={"name": [message]})):
        building.save()
    return building


def _kept_apartment(apartment: Apartment, fields: ApartmentFields) -> Apartment:
    _filled(apartment, fields)
    apartment.full_clean(validate_constraints=False)
    with refused_as(one_apartment_per_number=_number_taken()):
        apartment.save()
    return apartment


def _kept_residency(residency: Residency) -> Residency:
    message = _("It can't end before it starts.")
    overlap = _("Somebody else is owner or tenant of this apartment at that time.")
    taken = Conflict(overlap, errors={"starts_on": [overlap]})
    with refused_as(
        residency_ends_after_it_starts=Invalid(message, errors={"ends_on": [message]}),
        one_owner_at_a_time=taken,
        one_tenant_at_a_time=taken,
    ):
        residency.save()
    return residency


def _number_taken() -> Conflict:
    message = _("This building has an apartment of that number.")
    return Conflict(message, errors={"number": [message]})


def _filled(row: Any, fields: Any) -> Any:
    for name, value in fields.items():
        setattr(row, name, value)
    return row


def _remove(row: Model, why_not: str) -> None:
    try:
        row.delete()
    except ProtectedError as error:
        raise Refused(why_not) from error
