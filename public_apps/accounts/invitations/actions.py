"""Inviting people, reminding them, taking it back, and their joining."""

from __future__ import annotations

import uuid
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework.fields import get_error_detail

from public_apps.accounts import authority, outside_mails
from public_apps.accounts.invitations import hooks, links
from public_apps.accounts.members import actions as members
from public_apps.accounts.models import Invitation, User
from public_apps.audit import audit
from public_apps.core import clock, mail
from public_apps.core.constraint_errors import refused_as
from public_apps.core.errors import Conflict, Forbidden, Gone, Invalid, Refused
from public_apps.core.schema_context import current, in_public

MAIL = "invitation"
WORKS_FOR = timedelta(days=7)
SHORTEST_GAP = timedelta(minutes=1)
MOST_MAILS = 10


@transaction.atomic
def invite(
    *,
    by: User,
    email: str,
    role: str,
    first_name: str = "",
    last_name: str = "",
    language: str = "en",
) -> Invitation:
    """Invite somebody by mail, in a role below one's own (owners: any); return the invitation.

    Raises `errors.Forbidden`, `errors.Conflict` for a member or somebody invited already, and
    `outside_mails.QuotaSpent`.
    """
    authority.one_at_a_time()
    by = members.present(by)
    _check_reach(by, role)
    if not members.is_free(email):
        raise _taken(_("Somebody with this e-mail address is a member already."))
    now = clock.now()
    Invitation.objects.filter(
        email__iexact=email, accepted_at=None, revoked_at=None, expires_at__lte=now
    ).update(revoked_at=now)
    twice = _taken(_("This address has an open invitation already. Send it again instead."))
    with refused_as(one_open_invitation_per_email=twice):
        invitation = Invitation.objects.create(
            email=email,
            role=role,
            first_name=first_name,
            last_name=last_name,
            language=language,
            invited_by=by,
            expires_at=now + WORKS_FOR,
        )
    audit.record(actor=by, action="invitation.sent", target=invitation, detail={"role": role})
    _promise_mail(invitation)
    return invitation


@transaction.atomic
def resend(*, invitation: Invitation, by: User) -> Invitation:
    """Send a new link, which works from now on instead of the old one; return the invitation.

    Raises `errors.Refused` if it is no longer open, was sent a moment ago, or too often, and
    `outside_mails.QuotaSpent`.
    """
    invitation = _locked_open(invitation, by)
    now = clock.now()
    if now - invitation.mailed_at < SHORTEST_GAP:
        raise Refused(_("The last mail left less than a minute ago."))
    if invitation.mails >= MOST_MAILS:
        raise Refused(_("This invitation was sent too often. Revoke it and invite again."))
    invitation.nonce = uuid.uuid4()
    invitation.mails += 1
    invitation.mailed_at = now
    invitation.expires_at = now + WORKS_FOR
    invitation.save(update_fields=["nonce", "mails", "mailed_at", "expires_at"])
    audit.record(actor=by, action="invitation.sent_again", target=invitation)
    _promise_mail(invitation)
    return invitation


@transaction.atomic
def revoke(*, invitation: Invitation, by: User) -> Invitation:
    """Take an invitation back; its link is dead. Raises `errors.Refused` once it was accepted."""
    invitation = _locked_open(invitation, by)
    invitation.revoked_at = clock.now()
    invitation.save(update_fields=["revoked_at"])
    audit.record(actor=by, action="invitation.revoked", target=invitation)
    return invitation


@transaction.atomic
def accept(*, key: str, password: str, first_name: str, last_name: str, language: str = "") -> User:
    """Make whoever holds the link a member, with a password of their own; return them.

    Without a `language` it is the invitation's. Raises `errors.Gone` for a key that is spent, over
    or wrong, `errors.Invalid` for a weak password.
    """
    authority.one_at_a_time()
    invitation = links.find(key, lock=True)
    if invitation is None:
        raise Gone(_("This invitation no longer works. Please ask for a new one."))
    if not members.is_free(invitation.email):
        raise _taken(_("Somebody with this e-mail address is a member already."))
    _check_password(password, invitation, first_name=first_name, last_name=last_name)
    member = User.objects.create_user(
        invitation.email,
        password,
        first_name=first_name,
        last_name=last_name,
        language=language or invitation.language,
        role=invitation.role,
    )
    # The link came to this address, which proves it.
    EmailAddress.objects.create(
        user=member, email=member.email.lower(), verified=True, primary=True
    )
    invitation.accepted_at = clock.now()
    invitation.member = member
    invitation.save(update_fields=["accepted_at", "member"])
    audit.record(actor=member, action="invitation.accepted", target=invitation)
    hooks.accepted(invitation, member)
    return member


def _locked_open(invitation: Invitation, by: User) -> Invitation:
    authority.one_at_a_time()
    held = Invitation.objects.select_for_update().get(pk=invitation.pk)
    _check_reach(members.present(by), held.role)
    if held.accepted_at or held.revoked_at:
        raise Refused(_("This invitation is no longer open."))
    return held


def _check_reach(by: User, role: str) -> None:
    if not members.may_give(by=by, role=role):
        raise Forbidden(_("You can only invite people to roles below your own."))


def _check_password(password: str, invitation: Invitation, **names: str) -> None:
    try:
        validate_password(password, User(email=invitation.email, **names))
    except ValidationError as error:
        raise Invalid(
            _("Please choose another password."), errors={"password": list(get_error_detail(error))}
        ) from error


def _taken(message: str) -> Conflict:
    return Conflict(message, errors={"email": [message]})


def _promise_mail(invitation: Invitation) -> None:
    outside_mails.count_one()
    key = f"{current()}:{invitation.pk}:{invitation.mails}"
    with in_public(), transaction.atomic():
        mail.enqueue(kind=MAIL, key=key, to=invitation.email, language=invitation.language)
