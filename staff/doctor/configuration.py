"""Settings, origins and names in DNS: whether they fit each other and the world."""

from __future__ import annotations

import re
import secrets
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from public_apps.core import static_files
from public_apps.tenants import platform_domains
from staff.doctor.findings import Finding, failing, ok, warning

# What people write where a secret is to come. None of it turns up in random ones by chance.
PLACEHOLDER = re.compile(
    r"\.\.\.|…|[<>]|x{6}|change[-_ ]?me|replace[-_ ]?me|placeholder|your[-_ ]|password|example|12345678",
    re.IGNORECASE,
)
SHORTEST = 16
FEWEST_LETTERS = 8
_RANDOM = 'Make one: python -c "import secrets; print(secrets.token_urlsafe(64))"'
_NEW_SECRETS = {
    "STRIPE_WEBHOOK_SECRET": "Set the endpoint's signing secret, from its page at Stripe.",
}
LOCAL = ("localhost", "127.0.0.1", "::1")


def examine_settings() -> Iterator[Finding]:
    """What a deployment can do without, and shouldn't. The rest stops the boot by itself."""
    here = urlsplit(settings.SITE_URL).hostname or ""
    if settings.DEBUG and not _is_local(here):
        yield failing("debug", "DJANGO_DEBUG is on at a public address.", "Set it to False.")
    for name, value in (
        ("METRICS_TOKEN", settings.METRICS_TOKEN),
        ("OPS_ALERT_EMAILS", settings.OPS_ALERT_EMAILS),
        ("STRIPE_PUBLISHABLE_KEY", settings.STRIPE.publishable_key),
        ("FRONTEND_URL", settings.FRONTEND_URL),
    ):
        if not value:
            yield warning("settings", f"{name} is not set.", "See .env.example for what it does.")
    mode = settings.STRIPE.mode
    if settings.STRIPE.is_stand_in and not settings.DEBUG and mode != "manual":
        yield warning(
            "settings",
            "STRIPE_API_BASE leads to a stand-in for Stripe: nobody pays.",
            "Fine for a staging alone.",
        )
    yield ok("settings", f"All required are there; Stripe's mode is {mode}.")


def examine_secrets() -> Iterator[Finding]:
    """Whether each secret is one: whoever guesses the webhook's opens workspaces for nothing."""
    known = {
        "DJANGO_SECRET_KEY": () if settings.DEBUG else (settings.SECRET_KEY,),
        "STRIPE_WEBHOOK_SECRET": settings.STRIPE.webhook_secrets,
        "METRICS_TOKEN": (settings.METRICS_TOKEN,),
        "FRONTEND_SECRET": settings.FRONTEND_SECRETS,
    }
    guessable = [name for name, values in known.items() if any(map(_is_placeholder, values))]
    for name in guessable:
        yield failing(
            "secrets",
            f"{name} is a placeholder, or easily guessed.",
            _NEW_SECRETS.get(name, _RANDOM),
        )
    if not guessable:
        yield ok("secrets", "None is a placeholder.")


def _is_placeholder(secret: str) -> bool:
    if not secret:
        return False  # what must be there stops the boot without it; the rest is told above
    own = secret.removeprefix("whsec_")
    return bool(PLACEHOLDER.search(own)) or len(own) < SHORTEST or len(set(own)) < FEWEST_LETTERS


def examine_static_files() -> Iterator[Finding]:
    """Whether what pages need was collected, all of it, and from this very code."""
    if wrong := static_files.problem():
        yield failing("static files", wrong, "Collect them anew, and deploy that.")
    else:
        yield ok("static files", "Every file that pages need is there.")


def examine_hosts() -> Iterator[Finding]:
    """Whether our own address is one that we answer at, and tenants' names lead here."""
    here = urlsplit(settings.SITE_URL).hostname or ""
    base = settings.TENANT_BASE_DOMAIN
    if here != base and here not in settings.PUBLIC_HOSTS:
        yield failing(
            "hosts",
            f"SITE_URL's host {here} is neither TENANT_BASE_DOMAIN nor in DJANGO_ALLOWED_HOSTS.",
            "Add it to DJANGO_ALLOWED_HOSTS, or correct SITE_URL.",
        )
    for host in sorted(settings.PUBLIC_HOSTS):
        if host.endswith(f".{base}"):
            yield warning(
                "hosts",
                f"{host} is public, so no tenant can have that name.",
                "Fine if that is meant.",
            )
    if platform := platform_domains.platform_of(base):
        yield failing(
            "hosts",
            f"TENANT_BASE_DOMAIN is {base}: nobody can add *.{base} below {platform}.",
            "Set a domain of your own, and its wildcard: no workspace has an address until then.",
        )
        return
    yield from _names(here, base)


def _names(here: str, base: str) -> Iterator[Finding]:
    if _is_local(base):
        yield ok("dns", f"{base} is this machine: names need no DNS.")
        return
    ours = _addresses(here)
    if not ours:
        yield failing("dns", f"{here} has no address.", "Point it at the web service.")
        return
    any_tenant = f"check-{secrets.token_hex(4)}.{base}"
    theirs = _addresses(any_tenant)
    if not theirs:
        yield failing(
            "dns",
            f"*.{base} has no address, so no workspace can be reached.",
            f"Add the wildcard domain *.{base} to the web service, and its DNS record.",
        )
    elif not ours & theirs:
        yield warning(
            "dns",
            f"*.{base} leads elsewhere than {here}.",
            "Fine behind a proxy; otherwise compare the DNS records.",
        )
    else:
        yield ok("dns", f"{here} and *.{base} lead to the same place.")


def examine_origins() -> Iterator[Finding]:
    """Whether the frontend may ask the API, and nobody is trusted by accident."""
    frontend = settings.FRONTEND_URL
    exact = set(settings.CORS_ALLOWED_ORIGINS)
    if frontend:
        parts = urlsplit(frontend)
        origin = f"{parts.scheme}://{parts.netloc}".lower()
        if origin not in exact:
            yield failing(
                "origins",
                f"FRONTEND_URL's origin {origin} is not in CORS_ALLOWED_ORIGINS.",
                "Add it: browsers refuse the frontend's calls otherwise.",
            )
        if parts.scheme != "https" and not _is_local(parts.hostname or ""):
            yield failing("origins", "FRONTEND_URL is not https.", "Set its https address.")
    for origin in sorted(exact | set(settings.CSRF_TRUSTED_ORIGINS)):
        parts = urlsplit(origin)
        if parts.scheme != "https" and not _is_local(parts.hostname or ""):
            yield warning("origins", f"{origin} is not https.", "List its https address.")
    if settings.CSRF_WILDCARDS_LEFT_OUT:
        yield warning(
            "origins",
            "CSRF_TRUSTED_ORIGINS holds a wildcard, which is not trusted: anyone can deploy there.",
            "List exact origins.",
        )
    yield ok(
        "origins", f"{len(exact)} exact, {len(settings.CORS_ALLOWED_ORIGIN_REGEXES)} patterns."
    )


def _addresses(host: str) -> set[str]:
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except OSError:
        return set()


def _is_local(host: str) -> bool:
    return host in LOCAL or host.endswith(".localhost")
