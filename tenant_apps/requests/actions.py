"""Writes about requests: opening, moving along the workflow, assigning, commenting, attaching."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from public_apps.accounts.models import Role, User
from public_apps.core.errors import Invalid, Refused
from tenant_apps.buildings.models import Apartment, Building
from tenant_apps.files.actions import take
from tenant_apps.requests import mails, workflow
from tenant_apps.requests.models import (
    ENDED,
    Attachment,
    Comment,
    ServiceRequest,
    Step,
)

MOST_ATTACHMENTS = 20
DESK = (Role.OWNER, Role.MANAGER, Role.STAFF)


class RequestFields(TypedDict, total=False):
    """What can be said of a request."""

    building: Building
    apartment: Apartment | None
    category: str
    priority: str
    title: str
    description: str


@transaction.atomic
def open_request(
    *, by: User, files: Collection[UUID] = (), tell: bool = True, **fields: Unpack[RequestFields]
) -> ServiceRequest:
    """Open a request with the uploads that belong to it; raises `Invalid` by field.

    Owners and managers get a mail, unless they are not to be told: of a sample's requests, say.
    """
    request = _kept(ServiceRequest(opened_by=by), fields)
    step = _note_step(request, by=by)
    if files:
        attach(request=request, files=files, by=by)
    if tell:
        mails.enqueue_opened(step)
    return request


def change(*, request: ServiceRequest, **fields: Unpack[RequestFields]) -> ServiceRequest:
    """Change what is given of a locked request; raises `Refused` once it has ended."""
    if request.status in ENDED:
        raise Refused(_("This request has ended. Open it again to change it."))
    return _kept(request, fields)


@transaction.atomic
def move(
    *, request: ServiceRequest, to: str, by: User, desk: bool, note: str = ""
) -> ServiceRequest:
    """Move a request to another status, as one who looks after it (`desk`) or as its opener.

    Of two who move it at once the second is judged by what the first made of it. Raises `Refused`
    when the workflow does not lead there.
    """
    request = _locked(request)
    opener = request.opened_by_id == by.pk
    if to not in workflow.next_statuses(request, desk=desk, opener=opener):
        message = _("From “{status}” this request can't be moved there.")
        raise Refused(message.format(status=request.get_status_display()))
    request.status = to
    request.ended_at = timezone.now() if to in ENDED else None
    request.save(update_fields=["status", "ended_at"])
    step = _note_step(request, by=by, note=note)
    mails.enqueue_moved(step)
    return request


@transaction.atomic
def assign(*, request: ServiceRequest, to: User | None, by: User, note: str = "") -> ServiceRequest:
    """Make somebody of the desk responsible, or nobody; the same again changes nothing.

    Raises `Invalid` for a resident or somebody who was let go, `Refused` once it has ended.
    """
    request = _locked(request)
    if to is not None and (to.role not in DESK or not to.is_active):
        message = _("Only owners, managers and staff can look after a request.")
        raise Invalid(message, errors={"assigned_to": [message], "person": [message]})
    if request.status in ENDED:
        raise Refused(_("This request has ended. Open it again to change it."))
    if request.assigned_to_id == (to.pk if to else None):
        return request
    request.assigned_to = to
    request.save(update_fields=["assigned_to"])
    step = _note_step(request, by=by, note=note)
    mails.enqueue_assigned(step)
    return request


@transaction.atomic
def comment(*, request: ServiceRequest, by: User, body: str, internal: bool = False) -> Comment:
    """Say something about a request; an internal comment is never shown or mailed to a resident."""
    said = Comment(request=request, author=by, body=body, internal=internal)
    said.full_clean(exclude=["request", "author"], validate_constraints=False)
    said.save()
    mails.enqueue_commented(said)
    return said


@transaction.atomic
def attach(*, request: ServiceRequest, files: Collection[UUID], by: User) -> None:
    """Attach this person's waiting uploads; raises `Invalid` for others and for too many."""
    request = _locked(request)
    if request.attachments.count() + len(set(files)) > MOST_ATTACHMENTS:
        message = _("A request can have at most {count} files.").format(count=MOST_ATTACHMENTS)
        raise Invalid(message, errors={"files": [message]})
    for stored in take(files, by=by):
        Attachment.objects.create(request=request, file=stored)


def _kept(request: ServiceRequest, fields: RequestFields) -> ServiceRequest:
    for name, value in fields.items():
        setattr(request, name, value)
    if request.apartment is not None and request.apartment.building_id != request.building_id:
        message = _("This apartment is in another building.")
        raise Invalid(message, errors={"apartment": [message]})
    request.full_clean(exclude=["opened_by", "assigned_to"], validate_constraints=False)
    request.save()
    return request


def _locked(request: ServiceRequest) -> ServiceRequest:
    return ServiceRequest.objects.select_for_update().get(pk=request.pk)


def _note_step(request: ServiceRequest, *, by: User, note: str = "") -> Step:
    step = Step(
        request=request,
        by=by,
        status=request.status,
        assigned_to=request.assigned_to,
        note=note,
    )
    step.full_clean(exclude=["request", "by", "assigned_to"])
    step.save()
    return step
