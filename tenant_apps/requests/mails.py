"""Mails about a request: to who manages of a new one, to who opened it, and who is assigned to it."""

from __future__ import annotations

from public_apps.accounts.models import Role, User
from public_apps.core import mail
from public_apps.core.mail import Content
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import current, in_public, inside
from public_apps.tenants import links
from public_apps.tenants.models import Tenant
from tenant_apps.requests.models import ENDED, Comment, ServiceRequest, Status, Step

OPENED = "request_opened"
MOVED = "request_moved"
ASSIGNED = "request_assigned"
COMMENTED = "request_commented"
MANAGING = (Role.OWNER, Role.MANAGER)


# --- Promises -------------------------------------------------------------------------------------


def enqueue_opened(step: Step) -> None:
    """Promise owners and managers a word about a new request, unless it is from one of them."""
    if step.by is not None and step.by.role in MANAGING:
        return
    for person in User.objects.filter(role__in=MANAGING, is_active=True):
        _promise(OPENED, step.pk, to=person, but=step.by)


def enqueue_moved(step: Step) -> None:
    """Promise whom it concerns a word about a new status, but not who set it."""
    for person in _concerned(step.request):
        _promise(MOVED, step.pk, to=person, but=step.by)


def enqueue_assigned(step: Step) -> None:
    """Promise a word to who is assigned now."""
    if step.assigned_to is not None:
        _promise(ASSIGNED, step.pk, to=step.assigned_to, but=step.by)


def enqueue_commented(said: Comment) -> None:
    """Promise whom it concerns a word about a comment; of an internal one residents hear nothing."""
    for person in _concerned(said.request):
        if not said.internal or person.pk == said.request.assigned_to_id:
            _promise(COMMENTED, said.pk, to=person, but=said.author)


def _concerned(request: ServiceRequest) -> list[User]:
    people = {person.pk: person for person in (request.opened_by, request.assigned_to) if person}
    return list(people.values())


def _promise(kind: str, occurrence: int, *, to: User, but: User | None) -> None:
    if to == but:
        return
    key = f"{current()}:{occurrence}:{to.pk}"
    with in_public():
        mail.enqueue(kind=kind, key=key, to=to.email, language=to.language)


# --- What they say --------------------------------------------------------------------------------


@mail.composes(OPENED)
def opened(outgoing: OutgoingMail) -> Content | None:
    """Say who has opened it, and what is the matter; nothing once it is somebody's, or over."""
    schema_name, step_id, user_id = outgoing.key.split(":")
    with inside(schema_name):
        step = Step.objects.select_related("request__building", "by").get(pk=step_id)
        request = step.request
        if request.assigned_to_id or request.status in ENDED or not _is_here(user_id):
            return None
    return _content(
        outgoing,
        request,
        author=step.by.get_full_name() if step.by else "",
        building=request.building.name,
        priority=request.get_priority_display(),
        description=request.description,
    )


@mail.composes(MOVED)
def moved(outgoing: OutgoingMail) -> Content | None:
    """Say which status the request has now; nothing if it has moved on, which has its own mail."""
    schema_name, step_id, user_id = outgoing.key.split(":")
    with inside(schema_name):
        step = Step.objects.select_related("request").get(pk=step_id)
        if step.request.status != step.status or not _is_here(user_id):
            return None
    facts = {"status": Status(step.status).label, "note": step.note}
    return _content(outgoing, step.request, **facts)


@mail.composes(ASSIGNED)
def assigned(outgoing: OutgoingMail) -> Content | None:
    """Say that the request is theirs to look after; nothing if somebody else has it meanwhile."""
    schema_name, step_id, user_id = outgoing.key.split(":")
    with inside(schema_name):
        step = Step.objects.select_related("request__building").get(pk=step_id)
        if step.request.assigned_to_id != int(user_id) or not _is_here(user_id):
            return None
    return _content(outgoing, step.request, building=step.request.building.name, note=step.note)


@mail.composes(COMMENTED)
def commented(outgoing: OutgoingMail) -> Content | None:
    """Say who has commented, and what."""
    schema_name, comment_id, user_id = outgoing.key.split(":")
    with inside(schema_name):
        said = Comment.objects.select_related("request", "author").get(pk=comment_id)
        if not _is_here(user_id):
            return None
    author = said.author.get_full_name() if said.author else ""
    return _content(outgoing, said.request, author=author, comment=said.body)


def _is_here(user_id: str) -> bool:
    return User.objects.filter(pk=user_id, is_active=True).exists()


def _content(outgoing: OutgoingMail, request: ServiceRequest, **facts: object) -> Content:
    tenant: Tenant = Tenant.objects.get(schema_name=outgoing.key.partition(":")[0])
    return Content(
        template=outgoing.kind,
        context={
            "organization": tenant.name,
            "title": request.title,
            "request_url": links.to(tenant, "request", pk=request.pk),
            **facts,
        },
    )
