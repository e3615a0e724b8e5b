"""What may be asked about buildings; other apps narrow their rows to somebody's own by these."""

from __future__ import annotations

from datetime import date

from django.db.models import Count, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from public_apps.accounts.models import User
from public_apps.tenants import quotas
from tenant_apps.buildings.models import Apartment, Building, Residency


@quotas.measures_usage(quotas.APARTMENTS)
def count_apartments() -> int:
    """Return how many apartments the current workspace has."""
    return Apartment.objects.count()


def current(*, on: date | None = None) -> Q:
    """Return what residencies that hold on a day (today) are like."""
    day = on or timezone.localdate()
    return Q(starts_on__lte=day) & (Q(ends_on__isnull=True) | Q(ends_on__gte=day))


def residencies_of(user: User) -> QuerySet[Residency]:
    """Return somebody's residencies that hold today."""
    return Residency.objects.filter(current(), user_id=user.pk)


def apartments_of(user: User) -> QuerySet[Apartment]:
    """Return the apartments that somebody owns or rents today."""
    return Apartment.objects.filter(pk__in=residencies_of(user).values("apartment"))


def buildings_of(user: User) -> QuerySet[Building]:
    """Return the buildings in which somebody owns or rents an apartment today."""
    return Building.objects.filter(pk__in=apartments_of(user).values("building"))


def residents_of(building: Building | None = None) -> QuerySet[User]:
    """Return who owns or rents an apartment today, of one building or of all."""
    found = Residency.objects.filter(current())
    if building is not None:
        found = found.filter(apartment__building=building)
    return User.objects.filter(pk__in=found.values("user"), is_active=True)


def with_sums(buildings: QuerySet[Building]) -> QuerySet[Building]:
    """Annotate each building with `apartment_count` and `mills_sum`."""
    return buildings.annotate(
        apartment_count=Count("apartments"),
        mills_sum=Coalesce(Sum("apartments__mills"), Value(0)),
    )
