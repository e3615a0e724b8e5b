"""Settings about how mail leaves, django-anymail's own included."""

from __future__ import annotations

import re
from typing import Any

import environ

from config.env import UnsafeSetting, text, word_list

SMTP = "django.core.mail.backends.smtp.EmailBackend"


def backend(env: environ.Env) -> str:
    """Return the path of the class that sends; SMTP unless another is named."""
    return text(env, "EMAIL_BACKEND") or SMTP


def sender(env: environ.Env, *, base: str) -> str:
    """Return whom mails are from."""
    return text(env, "DEFAULT_FROM_EMAIL") or f"New Concierge <noreply@{base}>"


def anymail(env: environ.Env) -> dict[str, Any]:
    """Return every `ANYMAIL_*` variable as django-anymail's setting of that name."""
    prefix = "ANYMAIL_"
    given: dict[str, Any] = {
        name.removeprefix(prefix): text(env, name)
        for name, value in env.ENVIRON.items()
        if name.startswith(prefix) and value
    }
    if "WEBHOOK_SECRET" in given:
        given["WEBHOOK_SECRET"] = list(word_list(env, "ANYMAIL_WEBHOOK_SECRET"))
        if not all(re.fullmatch(r"[^:]+:.{16,}", pair) for pair in given["WEBHOOK_SECRET"]):
            raise UnsafeSetting(
                "ANYMAIL_WEBHOOK_SECRET must be user:password, the password of 16 characters or "
                "more; a comma-separated list while it is being rolled."
            )
    return given
