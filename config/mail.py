"""Settings about how mail leaves: django-anymail's own."""

from __future__ import annotations

import re
from typing import Any

import environ

from config.env import UnsafeSetting, word_list


def anymail(env: environ.Env) -> dict[str, Any]:
    """Return every `ANYMAIL_*` variable as django-anymail's setting of that name."""
    prefix = "ANYMAIL_"
    given: dict[str, Any] = {
        name.removeprefix(prefix): value
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
