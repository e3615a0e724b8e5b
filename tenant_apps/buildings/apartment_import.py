"""Apartments from a CSV file: all of them or none, with a report by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from public_apps.accounts.models import User
from public_apps.core.errors import Invalid
from public_apps.core.schema_context import current, in_public
from public_apps.tenants.models import Tenant
from tenant_apps.buildings import actions, background_jobs
from tenant_apps.buildings.background_jobs import Refusal, ReportLine, Tell
from tenant_apps.buildings.models import Apartment, Building, Work

COLUMNS = (
    "number", "floor", "area", "mills",
    "owner_name", "owner_email", "owner_phone", "tenant_name", "tenant_email", "tenant_phone",
)  # fmt: skip
TOO_MANY = "cells that no column has"
MOST_CHARACTERS = 1_000_000
MOST_LINES = 2_000
MOST_REPORTED = 200
Line = tuple[int, dict[str, str]]


def start(*, building: Building, content: str, asked_by: User) -> Work:
    """Have a file's apartments added to a building; return the work, whose report tells more.

    Raises `Invalid` at once for a file that is too large or has other columns.
    """
    _reader(content)
    with transaction.atomic():
        return background_jobs.enqueue(
            kind=Work.Kind.IMPORT,
            subject_id=building.pk,
            asked_by=asked_by,
            content=content,
        )


def carry_out(asked: Work, tell: Tell) -> list[ReportLine]:
    """Add all apartments of a file; raises `background_jobs.Refusal` with what is wrong by line."""
    building = Building.objects.select_for_update(no_key=True).filter(pk=asked.subject_id).first()
    if building is None:
        raise Refusal([_said(None, _("This building is gone."))])
    lines = list(_lines(asked.content))
    apartments, report = _checked(building, lines, tell)
    if report or not apartments:
        raise Refusal(report or [_said(None, _("There is no apartment in this file."))])
    schema = current()
    with in_public():
        tenant = Tenant.objects.get(schema_name=schema)
    actions.add_apartments(tenant=tenant, apartments=apartments)
    number = len(apartments)
    said = ngettext("%(number)d apartment was added.", "%(number)d apartments were added.", number)
    return [_said(None, said % {"number": number})]


def _checked(
    building: Building, lines: list[Line], tell: Tell
) -> tuple[list[Apartment], list[ReportLine]]:
    seen = {number.lower() for number in building.apartments.values_list("number", flat=True)}
    apartments, report = [], []
    for done, (line, cells) in enumerate(lines, start=1):
        apartment, faults = _apartment(building, cells)
        if apartment.number.lower() in seen:
            faults["number"] = [_("This building has an apartment of that number.")]
        seen.add(apartment.number.lower())
        apartments.append(apartment)
        report += [_said(line, message, name) for name, all_ in faults.items() for message in all_]
        if len(report) >= MOST_REPORTED:
            return [], report[:MOST_REPORTED]
        tell(done, len(lines))
    return apartments, report


def _apartment(building: Building, cells: dict[str, str]) -> tuple[Apartment, dict[str, list[str]]]:
    faults: dict[str, list[str]] = {}
    fields: dict[str, Any] = {}
    if cells.pop(TOO_MANY):
        faults[""] = [_("There are more cells than columns: put a number with a comma in quotes.")]
    for name, text in cells.items():
        try:
            fields[name] = _value(name, text)
        except (ValueError, InvalidOperation):
            faults[name] = [_("%(text)s is no number.") % {"text": text[:40]}]
    apartment = Apartment(building=building, **fields)
    try:
        apartment.full_clean(
            exclude=["building", *faults], validate_constraints=False, validate_unique=False
        )
    except ValidationError as error:
        faults.update(error.message_dict)
    return apartment, faults


def _value(name: str, text: str) -> Any:
    if name in {"floor", "mills"}:
        return int(text or 0)
    if name == "area":
        return Decimal(text.replace(",", ".")) if text else None
    return text


def _lines(content: str) -> Iterator[Line]:
    reader = _reader(content)
    for row in reader:
        cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
        cells[TOO_MANY] = "".join(row.get(TOO_MANY) or ()).strip()
        if any(cells.values()):
            yield reader.line_num, cells


def _reader(content: str) -> csv.DictReader[str]:
    """Return a reader behind the file's header; raise `Invalid` for what is no such file."""
    if len(content) > MOST_CHARACTERS or content.count("\n") > MOST_LINES:
        raise _unreadable(
            _("At most %(lines)d lines and a million characters.") % {"lines": MOST_LINES}
        )
    if "\x00" in content:
        raise _unreadable(_("This is no text file."))
    text = content.removeprefix("\ufeff")
    header = text.partition("\n")[0]
    # A Greek or German spreadsheet separates by semicolons.
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restkey=TOO_MANY)
    names = [name.strip().lower() for name in reader.fieldnames or []]
    odd = [name for name in names if name not in COLUMNS]
    if "number" not in names or odd or len(set(names)) != len(names):
        raise _unreadable(
            _("The first line names the columns: %(columns)s.") % {"columns": ", ".join(COLUMNS)}
        )
    reader.fieldnames = names
    return reader


def _unreadable(message: str) -> Invalid:
    return Invalid(message, errors={"content": [message]})


def _said(line: int | None, detail: str, field: str = "") -> ReportLine:
    return {"line": line, "field": field, "detail": detail}
