"""Removing the sample building: what nothing points to first, the building last."""

from __future__ import annotations

from django.db import IntegrityError, connection, transaction

from public_apps.accounts.models import User
from tenant_apps.announcements.models import Announcement
from tenant_apps.buildings.models import Apartment, Building, Residency, Work
from tenant_apps.files.models import StoredFile
from tenant_apps.finances.models import (
    Account,
    Allocation,
    Charge,
    ChargeKind,
    Entry,
    Expense,
    Line,
    Payment,
    Period,
    Share,
)
from tenant_apps.home.models import Sample
from tenant_apps.requests.models import Attachment, ServiceRequest
from tenant_apps.votes.models import Ballot, Vote


def remove(sample: Sample) -> None:
    """Delete a sample, its building, what belongs to that, and the people invented for it."""
    building, people = sample.building, list(sample.people.all())
    _money(building)
    _together(building)
    sample.delete()
    Residency.objects.filter(apartment__building=building).delete()
    Apartment.objects.filter(building=building).delete()
    Work.objects.filter(kind=Work.Kind.IMPORT, subject_id=building.pk).delete()
    building.delete()
    for person in people:
        _person(person)


def _person(person: User) -> None:
    """Delete somebody invented, or let them go if somebody has given them a part elsewhere.

    By SQL: Django would look for what belongs to them in public's tables too, the admin's log for one.
    """
    table = connection.ops.quote_name(User._meta.db_table)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE id = %s", [person.pk])  # noqa: S608
            connection.check_constraints()
    except IntegrityError:
        person.is_active = False
        person.save(update_fields=["is_active"])


def _money(building: Building) -> None:
    Allocation.objects.filter(charge__period__building=building).delete()
    Line.objects.filter(entry__building=building).delete()
    Entry.objects.filter(building=building).delete()
    Share.objects.filter(expense__period__building=building).delete()
    Payment.objects.filter(apartment__building=building).delete()
    charges = Charge.objects.filter(period__building=building)
    charges.filter(kind=ChargeKind.CORRECTION).delete()
    charges.delete()
    Account.objects.filter(building=building).delete()
    expenses = Expense.objects.filter(period__building=building)
    attached = list(expenses.exclude(attachment=None).values_list("attachment", flat=True))
    expenses.delete()
    StoredFile.objects.filter(pk__in=attached).delete()
    periods = Period.objects.filter(building=building)
    months = list(periods.values_list("pk", flat=True))
    Work.objects.filter(kind=Work.Kind.ISSUE, subject_id__in=months).delete()
    periods.delete()


def _together(building: Building) -> None:
    Ballot.objects.filter(voter__vote__building=building).delete()
    Vote.objects.filter(building=building).delete()
    requests = ServiceRequest.objects.filter(building=building)
    attached = list(Attachment.objects.filter(request__in=requests).values_list("file", flat=True))
    requests.delete()
    StoredFile.objects.filter(pk__in=attached).delete()
    Announcement.objects.filter(building=building).delete()
