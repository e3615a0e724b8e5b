"""The environment of a run: what was given wins, the rest is made up so that all parts fit."""

from __future__ import annotations

import hashlib
import re
import secrets
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from devstack.processes import ROOT
from devstack.run_directory import Memory

# What the product reads: `.env.example` lists every name, and these are the beginnings of more.
SETTINGS = frozenset(
    re.findall(r"^([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
)
SETTING_PREFIXES = ("ANYMAIL_", "DJANGO_", "GUNICORN_", "STRIPE_", "WEB_", "WORKER_")
# What only the demo itself reads.
PORT_NAMES = {
    "web": "PORT",
    "mock_stripe": "MOCK_STRIPE_PORT",
    "mail": "SMTP_PORT",
    "mail_page": "MAIL_PAGE_PORT",
    "postgres": "PGPORT",
    "frontend": "FRONTEND_PORT",
}
# Where texts of migrations are kept. It says nothing of a system (its files are known by their code),
# and a run's systems share them.
SHARED = "PLAN_TEXTS"
# What makes a process one of several that run tests side by side; what it starts is none of them.
LANES = "CONCIERGE_LANES"
LANE = "PYTEST_XDIST_WORKER"
# Where tests find the systems that they start copies of: devstack/template.py.
TEMPLATES = "CONCIERGE_TEMPLATES"
# What says in `demo.env` which of a shell's settings come from that file: each name, and what its
# value looked like. `set -a; . var/demo.env` stays in a shell for longer than the run that it is of.
MARK = "CONCIERGE_DEMO_ENV"
OFF = frozenset({"false", "0", "no", "off"})


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where the parts of one run are reached."""

    web_port: int
    mail_port: int
    mock_stripe_url: str
    database_url: str
    archives: str = ""
    plan_texts: str = ""
    static: str = ""
    pg_dump: str = ""
    frontend_port: int = 0  # 0: the Next.js site is no part of the run


def settings_of(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the product's settings in an environment; an empty value counts as not given."""
    return {name: value for name, value in environ.items() if value and _is_setting(name)}


def without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which nothing speaks to the product or to the demo."""
    ours = {*PORT_NAMES.values(), "CONCIERGE_STATE", LANES, LANE, MARK, TEMPLATES}
    return {
        name: value for name, value in environ.items() if not _is_setting(name) and name not in ours
    }


def for_a_system(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what another system of this run begins with: no setting, but the texts that all share."""
    shared = {SHARED: environ[SHARED]} if SHARED in environ else {}
    return {**without_settings(environ), **shared}


def marked(settings: Mapping[str, str]) -> dict[str, str]:
    """Return settings with the mark by which `without_demo` knows them again."""
    words = [f"{name}:{_look(value)}" for name, value in sorted(settings.items())]
    return {**settings, MARK: " ".join(words)}


def without_demo(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without what a `demo.env` has put there; what was changed since stays."""
    looks = dict(word.split(":", 1) for word in environ.get(MARK, "").split() if ":" in word)
    return {
        name: value
        for name, value in environ.items()
        if name != MARK and looks.get(name) != _look(value)
    }


def _look(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:12]


def complete(given: Mapping[str, str], *, addresses: Addresses, keys: Memory) -> dict[str, str]:
    """Return the whole environment of the parts: `given`, and a default for what it leaves out."""
    made_up = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_DEBUG": "True",
        "DJANGO_SECRET_KEY": keys.once("DJANGO_SECRET_KEY", lambda: secrets.token_urlsafe(48)),
        "DJANGO_ALLOWED_HOSTS": "localhost,127.0.0.1",
        "DATABASE_URL": addresses.database_url,
        "PORT": str(addresses.web_port),
        "WEB_HOST": "127.0.0.1",
        "ARCHIVE_STORE": addresses.archives,
        "PG_DUMP": addresses.pg_dump,
        "PLAN_TEXTS": addresses.plan_texts,
        "STATIC_ROOT": addresses.static,
        "TENANT_BASE_DOMAIN": "localhost",
        "TENANT_POOL_SIZE": "5",
        # On one machine every customer comes from the same address.
        "CHECKOUT_RATE": "120/min",
        "SITE_URL": f"http://localhost:{addresses.web_port}",
        "METRICS_TOKEN": keys.once("METRICS_TOKEN", lambda: secrets.token_urlsafe(24)),
        **_stripe(addresses, keys),
        **_mail(addresses),
        **_staff(keys),
        **(_frontend(addresses, keys) if addresses.frontend_port else {}),
    }
    present = {name: value for name, value in given.items() if value or not _is_setting(name)}
    return {**made_up, **present}


def _stripe(addresses: Addresses, keys: Memory) -> dict[str, str]:
    return {
        "STRIPE_MOCK_MODE": "True",
        "STRIPE_API_BASE": addresses.mock_stripe_url,
        # For whoever runs this with DJANGO_DEBUG off: it is no production.
        "STRIPE_STAND_IN_FOR_STAGING": "True",
        "STRIPE_CURRENCY": "eur",
        **{
            name: keys.once(name, lambda prefix=prefix: prefix + secrets.token_hex(16))  # type: ignore[misc]
            for name, prefix in (
                ("STRIPE_SECRET_KEY", "sk_test_"),
                ("STRIPE_PUBLISHABLE_KEY", "pk_test_"),
                ("STRIPE_WEBHOOK_SECRET", "whsec_"),
            )
        },
    }


def _mail(addresses: Addresses) -> dict[str, str]:
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(addresses.mail_port),
        "EMAIL_USE_TLS": "False",
        "DEFAULT_FROM_EMAIL": "New Concierge <noreply@newconcierge.gr>",
    }


def _frontend(addresses: Addresses, keys: Memory) -> dict[str, str]:
    url = f"http://localhost:{addresses.frontend_port}"
    return {
        "FRONTEND_URL": url,
        "FRONTEND_LINKS": "True",
        "FRONTEND_SECRET": keys.once("FRONTEND_SECRET", lambda: secrets.token_urlsafe(32)),
        "CORS_ALLOWED_ORIGINS": url,
    }


def _staff(keys: Memory) -> dict[str, str]:
    return {
        "DJANGO_SUPERUSER_EMAIL": "staff@newconcierge.gr",
        "DJANGO_SUPERUSER_PASSWORD": keys.once(
            "DJANGO_SUPERUSER_PASSWORD", lambda: secrets.token_urlsafe(12)
        ),
    }


def production_like() -> dict[str, str]:
    """Return settings as a production would have them, to judge by `check --deploy`."""
    return {
        "DJANGO_DEBUG": "False",
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(64),
        "DJANGO_ALLOWED_HOSTS": "newconcierge.example,www.newconcierge.example",
        "TENANT_BASE_DOMAIN": "newconcierge.example",
        "SITE_URL": "https://newconcierge.example",
        "FRONTEND_URL": "https://www.newconcierge.example",
        "FRONTEND_SECRET": secrets.token_urlsafe(32),
        "CORS_ALLOWED_ORIGINS": "https://www.newconcierge.example",
        "CSRF_TRUSTED_ORIGINS": "https://www.newconcierge.example",
        "STRIPE_SECRET_KEY": "sk_test_" + secrets.token_hex(16),
        "STRIPE_PUBLISHABLE_KEY": "pk_test_" + secrets.token_hex(16),
        "STRIPE_WEBHOOK_SECRET": "whsec_" + secrets.token_hex(16),
        "METRICS_TOKEN": secrets.token_urlsafe(24),
        "EMAIL_HOST": "smtp.newconcierge.example",
        "DEFAULT_FROM_EMAIL": "New Concierge <noreply@newconcierge.example>",
        "OPS_ALERT_EMAILS": "ops@newconcierge.example",
    }


def is_on(value: str) -> bool:
    """Whether a switch in the environment is on, read as the product reads it."""
    return value.strip().lower() not in OFF


def as_shell(settings: Mapping[str, str]) -> str:
    """Return `KEY=value` lines that a shell reads back as they are."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in sorted(settings.items()))


def _is_setting(name: str) -> bool:
    return name in SETTINGS or name.startswith(SETTING_PREFIXES)
