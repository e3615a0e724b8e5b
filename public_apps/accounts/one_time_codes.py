"""A one-time code opens once, the one that enrolled its app included (RFC 6238, 5.2).

allauth remembers a used code in the cache for one step of 30 seconds, while it takes codes of three,
and does not remember the code of the enrolment. It has no place to say otherwise: so its two ways to
judge a code are replaced here. Each holds the authenticator's row, and two tries at once leave one.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.utils import decrypt
from django.db import transaction

LAST_STEP = "last_step"  # in the authenticator's data: of the newest code that was taken
_activate: Callable[..., TOTP] = TOTP.activate


def step_of(secret: str, code: str) -> int | None:
    """Return of which step of time a code is, among those that are taken now; None for a wrong one."""
    for step in yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step))):
            return int(step)
    return None


def activate(_cls: type[TOTP], user: object, secret: str) -> TOTP:
    """Keep a new app's secret; no code that it has shown so far opens anything."""
    made = _activate(user, secret)
    made.instance.data[LAST_STEP] = int(time.time()) // app_settings.TOTP_PERIOD
    made.instance.save(update_fields=["data"])
    return made


@transaction.atomic
def take(totp: TOTP, code: str) -> bool:
    """Whether a code is right, and newer than each that was taken before; then it is taken."""
    held = Authenticator.objects.select_for_update().get(pk=totp.instance.pk)
    step = step_of(decrypt(held.data["secret"]), code)
    if step is None or step <= held.data.get(LAST_STEP, 0):
        return False
    held.data[LAST_STEP] = step
    held.save(update_fields=["data"])
    return True


TOTP.activate = classmethod(activate)
TOTP.validate_code = take
