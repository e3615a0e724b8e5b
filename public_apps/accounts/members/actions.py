"""What happens to members: names and roles change, somebody leaves or comes back, owners change.

A workspace always has an active owner. So all of this happens one at a time in a workspace, under a
lock of its own: row locks alone would let two owners let each other go at the same moment.
"""

from __future__ import annotations

from django.db import transaction
from django.dispatch import Signal
from django.utils.translation import gettext as _

from public_apps.accounts import members_lock, sessions
from public_apps.accounts.models import Invitation, Role, User
from public_apps.audit import audit
from public_apps.core import clock
from public_apps.core.errors import Forbidden, Refused

# Sent in the transaction of the change, in the tenant's schema: who its owners are is another now.
owners_changed = Signal()


def one_at_a_time() -> None:
    """Wait until nobody else changes this workspace's members; held until the transaction ends."""
    members_lock.hold()


def may_give(*, by: User, role: str) -> bool:
    """Whether somebody may make others this: owners anything, others what is below themselves."""
    return by.role == Role.OWNER or Role(by.role).is_above(role)


@transaction.atomic
def change(
    *,
    member: User,
    by: User,
    first_name: str | None = None,
    last_name: str | None = None,
    role: str | None = None,
) -> User:
    """Change a member's names and role; what is None stays. Returns the member as they are now.

    Raises `errors.Forbidden` for somebody who stands too low, `errors.Refused` for the last owner.
    """
    member, by = _locked(member, by)
    _check_reach(member, by)
    before = member.role
    if role is not None and role != before:
        _check_reach(member, by, role=role)
        _check_owner_remains(without=member)
        member.role = role
    member.first_name = member.first_name if first_name is None else first_name
    member.last_name = member.last_name if last_name is None else last_name
    member.save(update_fields=["first_name", "last_name", "role"])
    detail = {"role": member.role, **({"before": before} if before != member.role else {})}
    audit.record(actor=by, action="member.changed", target=member, detail=detail)
    if member.role != before:
        _withdraw_invitations(of=member, by=by)
    _tell_owners(before, member.role)
    return member


@transaction.atomic
def deactivate(*, member: User, by: User) -> User:
    """Let somebody go, or leave: sessions, tokens, keys and open invitations end at once.

    Returns the member.

    Raises `errors.Forbidden` and, for the last owner, `errors.Refused`; safe to call again.
    """
    member, by = _locked(member, by)
    if member != by:
        _check_reach(member, by)
    if not member.is_active:
        return member
    _check_owner_remains(without=member)
    member.is_active = False
    member.save(update_fields=["is_active"])
    sessions.end_all(member)
    member.api_keys.filter(revoked_at=None).update(revoked_at=clock.now())
    audit.record(actor=by, action="member.deactivated", target=member)
    _withdraw_invitations(of=member, by=by)
    _tell_owners(member.role)
    return member


@transaction.atomic
def reactivate(*, member: User, by: User) -> User:
    """Let somebody in again, with the password and the role that they had; safe to call again."""
    member, by = _locked(member, by)
    _check_reach(member, by)
    if not member.is_active:
        member.is_active = True
        member.save(update_fields=["is_active"])
        audit.record(actor=by, action="member.reactivated", target=member)
        _tell_owners(member.role)
    return member


@transaction.atomic
def transfer_ownership(*, to: User, by: User) -> User:
    """Make another member owner in one's own place; one becomes manager. Returns the new owner."""
    heir, by = _locked(to, by)
    if not by.is_active or by.role != Role.OWNER:
        raise Forbidden(_("Only an owner can hand the workspace over."))
    if heir == by:
        raise Refused(_("You are an owner already."))
    if not heir.is_active:
        raise Refused(_("This member is deactivated. Reactivate them first."))
    heir.role, by.role = Role.OWNER, Role.MANAGER
    heir.save(update_fields=["role"])
    by.save(update_fields=["role"])
    audit.record(actor=by, action="workspace.handed_over", target=heir)
    _tell_owners(Role.OWNER)
    return heir


def present(person: User) -> User:
    """Return somebody as they are now; ask while you hold `one_at_a_time`.

    Raises `errors.Forbidden` for whoever was let go a moment ago.
    """
    now = User.objects.get(pk=person.pk)
    if not now.is_active:
        raise Forbidden(_("What you may do here has changed a moment ago."))
    return now


def is_free(email: str, *, for_: User | None = None) -> bool:
    """Whether nobody else is a member with this address; ask while you hold `one_at_a_time`."""
    others = User.objects.exclude(pk=for_.pk) if for_ else User.objects.all()
    return not others.filter(email__iexact=email).exists()


def note_new_address(member: User) -> None:
    """Write down that somebody has another address now."""
    audit.record(actor=member, action="member.email_changed", target=member)
    _tell_owners(member.role)


def _withdraw_invitations(*, of: User, by: User) -> None:
    """Revoke the open invitations by which somebody gives what is not theirs to give any more."""
    waiting = Invitation.objects.filter(invited_by=of, accepted_at=None, revoked_at=None)
    for each in waiting.select_for_update().order_by("pk"):
        if of.is_active and may_give(by=of, role=each.role):
            continue
        each.revoked_at = clock.now()
        each.save(update_fields=["revoked_at"])
        detail = {"invited_by": of.email}
        audit.record(actor=by, action="invitation.revoked", target=each, detail=detail)


def _locked(member: User, by: User) -> tuple[User, User]:
    """Return both as they are now: what they were when they were read may be over."""
    one_at_a_time()
    people = User.objects.select_for_update().order_by("pk").in_bulk([member.pk, by.pk])
    return people[member.pk], people[by.pk]


def _check_reach(member: User, by: User, *, role: str | None = None) -> None:
    """Refuse whoever isn't above the member, or gives a role that isn't theirs to give."""
    if not by.is_active or not may_give(by=by, role=member.role):
        raise Forbidden(_("You can only change members whose role is below your own."))
    if role is not None and not may_give(by=by, role=role):
        raise Forbidden(_("You can only give roles below your own."))


def _check_owner_remains(*, without: User) -> None:
    if without.role != Role.OWNER or not without.is_active:
        return
    others = User.objects.filter(role=Role.OWNER, is_active=True).exclude(pk=without.pk)
    if not others.exists():
        raise Refused(_("This is the last owner: hand the workspace over to somebody else first."))


def _tell_owners(*roles: str) -> None:
    if Role.OWNER in roles:
        owners_changed.send(User)
