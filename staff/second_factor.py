"""Staff's second factor: a one-time code after the password, enrolled at the first sign-in."""

from __future__ import annotations

import base64
import time
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import TOTP, clear_totp_secret
from django.conf import settings
from django.contrib import auth
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from public_apps.accounts.models import User
from public_apps.audit import audit

STATE = "staff_second_factor"
PROVEN = "proven"
WAIVED = "waived"
SHOWN_AT = "staff_shown_at"
SEEN_AT = "staff_seen_at"
SEEN_EVERY = 60  # a busy session is written no more often than that
CODES_UNSEEN = "staff_recovery_codes_unseen"


class _CodeWidget(UnfoldAdminTextInputWidget):
    def __init__(self) -> None:
        super().__init__(attrs={"autocomplete": "one-time-code", "autofocus": True})


class CodeForm(AuthenticateForm):
    """A code of the app, or one of the recovery codes; tries are limited as passwords are."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget = _CodeWidget()


class EnrolForm(ActivateTOTPForm):
    """The first code of a new app, which proves that it works."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget = _CodeWidget()
        self.fields["code"].help_text = _("six digits, as the app shows them now")

    def qr_code(self) -> str:
        """Return the secret as a picture that apps can read, for an `<img>`."""
        svg = get_adapter().build_totp_svg(get_adapter().build_totp_url(self.user, self.secret))
        return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def begin(request: HttpRequest) -> None:
    """Decide, right after the password, whether this session must prove a second factor."""
    asked = settings.STAFF_MFA_REQUIRED or is_enrolled(staff_of(request))
    request.session[STATE] = None if asked else WAIVED
    note_shown(request)
    if not asked:
        audit.record(actor=staff_of(request), action="staff.signed_in")


def note_shown(request: HttpRequest) -> None:
    """Remember when this session has shown who it is."""
    request.session[SHOWN_AT] = time.time()


def stays_awake(request: HttpRequest) -> bool:
    """Whether something was asked in this session lately; one that was left alone ends here."""
    now = time.time()
    idle = now - request.session.setdefault(SEEN_AT, now)
    if idle > settings.STAFF_IDLE_MINUTES * 60:
        auth.logout(request)
        return False
    if idle > SEEN_EVERY:
        request.session[SEEN_AT] = now
    return True


def is_satisfied(request: HttpRequest) -> bool:
    """Whether this session has proven its second factor, or need not."""
    state = request.session.get(STATE)
    return state == PROVEN or (state == WAIVED and not settings.STAFF_MFA_REQUIRED)


def is_enrolled(user: User) -> bool:
    """Whether somebody has an app that makes codes."""
    return bool(get_adapter().is_mfa_enabled(user, [Authenticator.Type.TOTP]))


@transaction.atomic
def enrol(request: HttpRequest, form: EnrolForm) -> None:
    """Keep the new app's secret, make recovery codes, and let this session in."""
    staff = staff_of(request)
    TOTP.activate(staff, form.secret)
    RecoveryCodes.activate(staff)
    clear_totp_secret(request)
    audit.record(actor=staff, action="staff.second_factor_enrolled")
    request.session[CODES_UNSEEN] = True
    _let_in(request)


def prove(request: HttpRequest, form: CodeForm) -> None:
    """Let this session in by a code that the form has found to be right."""
    form.save()
    _let_in(request)


def recovery_codes(request: HttpRequest) -> list[str]:
    """Return the codes to write down, once, right after they were made; later an empty list."""
    if not request.session.pop(CODES_UNSEEN, False):
        return []
    codes = Authenticator.objects.get(
        user_id=staff_of(request).pk, type=Authenticator.Type.RECOVERY_CODES
    )
    unused: list[str] = RecoveryCodes(codes).get_unused_codes()
    return unused


def reset(*, colleague: User) -> None:
    """Forget a colleague's app and codes, which were lost: the next sign-in enrols anew."""
    Authenticator.objects.filter(user_id=colleague.pk).delete()


def _let_in(request: HttpRequest) -> None:
    # Another key from here on: whoever saw the session before it was proven has nothing.
    request.session.cycle_key()
    request.session[STATE] = PROVEN
    note_shown(request)
    audit.record(actor=staff_of(request), action="staff.signed_in")


def staff_of(request: HttpRequest) -> User:
    """Return the person of our staff who asks."""
    assert isinstance(request.user, User)  # noqa: S101 - only signed-in staff get here
    return request.user
