"""The gate for sessions in which our staff work in somebody's name, by page and by API alike."""

from __future__ import annotations

from allauth.headless.internal.sessionkit import session_store
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.utils.translation import gettext as _

from public_apps.accounts.models import User
from public_apps.accounts.token_authentication import TOKEN_HEADER
from public_apps.audit import audit
from public_apps.core.schema_context import in_public
from staff.impersonation import permitted_requests, start
from staff.models import Impersonation

MARK = "impersonation"
BACKEND = "django.contrib.auth.backends.ModelBackend"


class Over(Exception):
    """The session's impersonation has come to its end."""


def sign_in(request: HttpRequest, *, impersonation: Impersonation) -> None:
    """Make the request's session one of this person's, marked, for as long as it holds.

    Not by Django's `login`: that would write a time of sign-in which the person knows nothing of,
    and spend the link in the welcome mail. Raises `User.DoesNotExist`.
    """
    person = User.objects.get(pk=impersonation.person_id, is_active=True)
    request.session.flush()
    request.session[SESSION_KEY] = str(person.pk)
    request.session[BACKEND_SESSION_KEY] = BACKEND
    request.session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    request.session[MARK] = str(impersonation.pk)
    request.session.set_expiry(impersonation.ends_at)
    rotate_token(request)


def mark_of(request: HttpRequest) -> str | None:
    """Return the mark of the request's session, if it is an impersonation's.

    A bearer token is looked up only at a suspended workspace, whose gate must know before the API
    does; elsewhere the API's own look-up meets the mark, at no further cost.
    """
    if settings.SESSION_COOKIE_NAME in request.COOKIES and MARK in request.session:
        return str(request.session[MARK])
    token = request.META.get(TOKEN_HEADER, "")
    if token and request.tenant.suspended_at:  # type: ignore[attr-defined]  # tenants' hosts only
        mark = session_store(token).get(MARK)
        return str(mark) if mark else None
    return None


def admit(request: HttpRequest, mark: str) -> None:
    """Let a marked request pass as an impersonation, or raise `Over` or `PermissionDenied`."""
    with in_public():
        held = start.standing(mark, tenant=request.tenant)  # type: ignore[attr-defined]
    if held is None:
        raise Over
    if not permitted_requests.permits(request):
        raise PermissionDenied(_("Our support can't do this in somebody's name."))
    request.impersonation = held  # type: ignore[attr-defined]  # what `impersonation_of` reads
    audit.name_impersonator(held.staff.email)


def impersonation_of(request: HttpRequest) -> Impersonation | None:
    """Return in whose name, by whom and how long this request works, or None as for most."""
    held: Impersonation | None = getattr(request, "impersonation", None)
    return held
