"""The environment, read once and judged: `config.settings` takes everything from `load()`.

A missing or unsafe setting raises `UnsafeSetting` with one sentence that names it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import environ

DEVELOPMENT_SECRET = "insecure-development-key-never-for-production"  # noqa: S105 - refused when DEBUG is off
SHORTEST_SECRET = 32
LAST_PORT = 65_535
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
STRIPE_API = "https://api.stripe.com"
MOCK_STRIPE = "http://127.0.0.1:12111"
# What dotenv files allow and platforms' variables don't. Where people write text, a # may belong to it.
COMMENT, COMMENT_IN_TEXT = re.compile(r"\s#|\A#\s"), re.compile(r"\s#\s|\A#\s")
FREE_TEXT = frozenset({"DEFAULT_FROM_EMAIL", "EMAIL_HOST_PASSWORD", "EMAIL_SUBJECT_PREFIX"})
HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


class UnsafeSetting(Exception):
    """The process must not start; the message is one sentence that names the setting."""


@dataclass(frozen=True, kw_only=True)
class Stripe:
    """How we speak to Stripe. `mode` is what `GET /api/billing/config/` tells the frontend."""

    secret_key: str
    publishable_key: str
    webhook_secrets: tuple[str, ...]
    currency: str
    api_base: str
    mode: str  # live | test | mock | manual
    promotion_codes: bool = False  # whether payment pages take codes of Stripe's promotions

    @property
    def livemode(self) -> bool:
        return self.mode == "live"

    @property
    def is_stand_in(self) -> bool:
        """Whether something else answers in Stripe's place."""
        return self.api_base != STRIPE_API


@dataclass(frozen=True, kw_only=True)
class Origins:
    """Origins split into exact ones and patterns for one wildcard label."""

    exact: tuple[str, ...]
    patterns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Hsts:
    """What Strict-Transport-Security says beside its age."""

    include_subdomains: bool
    preload: bool


def load(environment: Mapping[str, str]) -> environ.Env:
    """Return a reader over `environment` alone, so that tests can judge settings of their own."""
    reader = environ.Env()
    reader.ENVIRON = environment
    return reader


def text(env: environ.Env, name: str, *, default: str = "") -> str:
    """Return a setting as it stands, without blanks around it; a comment behind it is refused.

    Not `env.str`, which takes a value that begins with $ for the name of another variable.
    """
    value = str(env.ENVIRON.get(name, default)).strip()
    comment = COMMENT_IN_TEXT if name in FREE_TEXT else COMMENT
    if comment.search(value):
        raise UnsafeSetting(
            f"{name} has a comment behind its value: write the value alone, nothing takes “# …” off."
        )
    return value


def subject_prefix(env: environ.Env) -> str:
    """Return what mails' subjects begin with, and the blank behind it that editors love to take off."""
    prefix = text(env, "EMAIL_SUBJECT_PREFIX")
    if any(not sign.isprintable() for sign in prefix):
        raise UnsafeSetting("EMAIL_SUBJECT_PREFIX holds a line break or an invisible sign.")
    return f"{prefix} " if prefix else ""


def word_list(env: environ.Env, name: str) -> tuple[str, ...]:
    """Return the comma-separated words of a setting, without blanks."""
    return tuple(word.strip() for word in text(env, name).split(",") if word.strip())


def boolean(env: environ.Env, name: str, *, default: bool) -> bool:
    """Return a switch; anything but a plain yes or no is refused rather than read as no."""
    raw = text(env, name).lower()
    if raw == "":
        return default
    if raw in {"true", "1", "yes", "on"}:
        return True
    if raw in {"false", "0", "no", "off"}:
        return False
    raise UnsafeSetting(f"{name} must be True or False, not {raw!r}.")


def whole_number(env: environ.Env, name: str, *, default: int, least: int = 0) -> int:
    """Return a whole number of at least `least`."""
    raw = text(env, name)
    if raw == "":
        return default
    if not re.fullmatch(r"\d{1,9}", raw) or int(raw) < least:
        raise UnsafeSetting(f"{name} must be a whole number of at least {least}, not {raw!r}.")
    return int(raw)


def one_of(env: environ.Env, name: str, default: str, *others: str) -> str:
    """Return one of these words, the first if the variable is not set."""
    word = text(env, name).lower() or default
    if word not in {default, *others}:
        known = ", ".join((default, *others))
        raise UnsafeSetting(f"{name} is {word!r}: it must be one of {known}.")
    return word


def rate(env: environ.Env, name: str, *, default: str) -> str:
    """Return a limit such as `20/min`, in the form that DRF reads."""
    value = text(env, name) or default
    if not re.fullmatch(r"\d{1,6}/(sec|min|hour|day)", value):
        raise UnsafeSetting(
            f"{name} is {value!r}: write a number per sec, min, hour or day, as 20/min."
        )
    return value


def secret_key(env: environ.Env, *, debug: bool) -> str:
    """Return Django's secret key; only development may do without one of its own."""
    key = text(env, "DJANGO_SECRET_KEY")
    if debug:
        return key or DEVELOPMENT_SECRET
    if not key:
        raise UnsafeSetting("DJANGO_SECRET_KEY is missing: set a long random value.")
    if key == DEVELOPMENT_SECRET or key.startswith("django-insecure-") or len(key) < 40:
        raise UnsafeSetting(
            "DJANGO_SECRET_KEY is the development default or shorter than 40 characters: "
            "set a long random value when DJANGO_DEBUG is off."
        )
    return key


def listening_address(env: environ.Env) -> str:
    """Return where the web listens, as gunicorn takes it: an IPv6 address in brackets."""
    host = text(env, "WEB_HOST") or "0.0.0.0"  # noqa: S104 - a container's own network
    port = whole_number(env, "PORT", default=8000, least=1)
    bare = host.removeprefix("[").removesuffix("]")
    try:
        shown = f"[{bare}]" if ipaddress.ip_address(bare).version == 6 else bare
    except ValueError:
        shown = host.lower()
    if not (HOST.fullmatch(shown) or shown.startswith("[")):
        raise UnsafeSetting(
            f"WEB_HOST is {host!r}: set an address to listen at, such as 0.0.0.0, or :: for IPv6 too."
        )
    if port > LAST_PORT:
        raise UnsafeSetting(f"PORT is {port}: there are none above {LAST_PORT}.")
    return f"{shown}:{port}"


def public_hosts(env: environ.Env, *, debug: bool) -> frozenset[str]:
    """Return the exact public hosts; wildcards are refused, for tenants live under the base domain."""
    hosts = tuple(host.lower() for host in word_list(env, "DJANGO_ALLOWED_HOSTS"))
    for host in hosts:
        if not HOST.fullmatch(host):
            raise UnsafeSetting(
                f"DJANGO_ALLOWED_HOSTS holds {host!r}: list exact host names without scheme or port."
            )
    if not hosts and not debug:
        raise UnsafeSetting("DJANGO_ALLOWED_HOSTS is missing: name the public hosts.")
    return frozenset(hosts or ("localhost", "127.0.0.1"))


def base_domain(env: environ.Env, *, debug: bool) -> str:
    """Return the domain under which tenants live, as `<subdomain>.<base>`."""
    domain = text(env, "TENANT_BASE_DOMAIN").lower()
    if not domain and not debug:
        raise UnsafeSetting("TENANT_BASE_DOMAIN is missing: tenants live at <subdomain>.<base>.")
    domain = domain or "localhost"
    if not HOST.fullmatch(domain):
        raise UnsafeSetting(
            f"TENANT_BASE_DOMAIN is {domain!r}: set a plain host name, such as example.com."
        )
    return domain


def site_url(env: environ.Env, *, base: str, debug: bool) -> str:
    """Return our own public address without a trailing slash; plain http only for loopback."""
    default = f"http://{base}:8000" if debug else f"https://{base}"
    url = (text(env, "SITE_URL") or default).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path:
        raise UnsafeSetting(
            f"SITE_URL is {url!r}: set scheme and host, such as https://example.com."
        )
    local = parts.hostname in LOOPBACK or parts.hostname.endswith(".localhost")
    if parts.scheme == "http" and not debug and not local:
        raise UnsafeSetting("SITE_URL must start with https:// when DJANGO_DEBUG is off.")
    return url


def frontend_url(env: environ.Env) -> str:
    """Return the Next.js site's address without a trailing slash, or an empty string."""
    url = text(env, "FRONTEND_URL").rstrip("/")
    if url and not re.match(r"https?://[^/\s]+", url):
        raise UnsafeSetting(
            f"FRONTEND_URL is {url!r}: it needs its scheme, such as https://example.com."
        )
    return url


def frontend_links(env: environ.Env, *, url: str, debug: bool) -> bool:
    """Return whether links in mails lead to the frontend, which then must be known, and be safe."""
    on = boolean(env, "FRONTEND_LINKS", default=False)
    if on and not url:
        raise UnsafeSetting("FRONTEND_LINKS is on without FRONTEND_URL: say where the links lead.")
    parts = urlsplit(url)
    local = parts.hostname in LOOPBACK or str(parts.hostname).endswith(".localhost")
    if on and parts.scheme != "https" and not debug and not local:
        raise UnsafeSetting(
            "FRONTEND_LINKS is on and FRONTEND_URL does not start with https://: its links carry keys."
        )
    return on


def origins(env: environ.Env, name: str) -> Origins:
    """Split a list of origins; `https://*.vercel.app` becomes an anchored pattern of one label."""
    exact, patterns = [], []
    for word in word_list(env, name):
        origin = word.rstrip("/").lower()
        if not re.match(r"https?://", origin):
            raise UnsafeSetting(
                f"{name} holds {origin!r}: an origin needs its scheme, such as https://."
            )
        if not re.fullmatch(r"https?://(\*\.)?[A-Za-z0-9.-]+(:\d+)?/?", origin):
            raise UnsafeSetting(
                f"{name} holds {origin!r}: write scheme://host, or scheme://*.host for one label."
            )
        if "*" in origin:
            patterns.append("^" + re.escape(origin).replace(r"\*", "[a-z0-9-]+") + r"\Z")
        else:
            exact.append(origin)
    return Origins(exact=tuple(exact), patterns=tuple(patterns))


def hsts(env: environ.Env) -> Hsts:
    """Return how far browsers' promise to come by https alone reaches beyond the host that answered."""
    wide = boolean(env, "HSTS_INCLUDE_SUBDOMAINS", default=False)
    preload = boolean(env, "HSTS_PRELOAD", default=False)
    if preload and not wide:
        raise UnsafeSetting(
            "HSTS_PRELOAD is on without HSTS_INCLUDE_SUBDOMAINS: browsers' lists take both or nothing."
        )
    return Hsts(include_subdomains=wide, preload=preload)


def frontend_secrets(env: environ.Env) -> tuple[str, ...]:
    """Return the secrets by which a frontend's server proves itself: none, or several while rolled."""
    secrets = word_list(env, "FRONTEND_SECRET")
    if any(len(secret) < SHORTEST_SECRET or not secret.isascii() for secret in secrets):
        raise UnsafeSetting(
            f"FRONTEND_SECRET holds a secret shorter than {SHORTEST_SECRET} plain characters: "
            "set long random values, separated by commas."
        )
    return secrets


def stripe(env: environ.Env, *, debug: bool) -> Stripe:
    """Return Stripe's settings, with the mode that follows from them."""
    mock = boolean(env, "STRIPE_MOCK_MODE", default=False)
    secret = text(env, "STRIPE_SECRET_KEY")
    publishable = text(env, "STRIPE_PUBLISHABLE_KEY")
    live = _is_live(secret, ("sk_live_", "rk_live_"))
    _refuse_mixed_modes(secret, publishable, live=live)
    if live and mock:
        raise UnsafeSetting(
            "STRIPE_MOCK_MODE is on with a live STRIPE_SECRET_KEY: no mock with real money."
        )
    api_base = _api_base(env, live=live, sells=not debug and not mock)
    secrets = word_list(env, "STRIPE_WEBHOOK_SECRET")
    if not mock:
        _require(secret, "STRIPE_SECRET_KEY")
        _require("".join(secrets), "STRIPE_WEBHOOK_SECRET")
    return Stripe(
        secret_key=secret,
        publishable_key=publishable,
        webhook_secrets=secrets,
        currency=_currency(env),
        api_base=api_base or (MOCK_STRIPE if mock and debug else STRIPE_API),
        mode=_mode(mock=mock, debug=debug, live=live),
        promotion_codes=boolean(env, "STRIPE_PROMOTION_CODES", default=False),
    )


def _api_base(env: environ.Env, *, live: bool, sells: bool) -> str:
    """Return another base for Stripe's API, or nothing; where we sell, it must be said on purpose."""
    api_base = text(env, "STRIPE_API_BASE").rstrip("/")
    staging = boolean(env, "STRIPE_STAND_IN_FOR_STAGING", default=False)
    if live and api_base:
        raise UnsafeSetting(
            "STRIPE_API_BASE is set with a live STRIPE_SECRET_KEY: live keys go to Stripe only."
        )
    if api_base and urlsplit(api_base).scheme not in {"http", "https"}:
        raise UnsafeSetting(
            f"STRIPE_API_BASE is {api_base!r}: it needs its scheme, such as http://127.0.0.1:12111."
        )
    if sells and not staging and api_base not in {"", STRIPE_API}:
        raise UnsafeSetting(
            "STRIPE_API_BASE leads to a stand-in for Stripe with DJANGO_DEBUG off, where workspaces "
            "would be had for nothing: leave it out, or set STRIPE_STAND_IN_FOR_STAGING for a staging."
        )
    return api_base


def _mode(*, mock: bool, debug: bool, live: bool) -> str:
    if mock:
        return "mock" if debug else "manual"
    return "live" if live else "test"


def _currency(env: environ.Env) -> str:
    currency = text(env, "STRIPE_CURRENCY", default="eur").lower()
    if not re.fullmatch(r"[a-z]{3}", currency):
        raise UnsafeSetting(
            f"STRIPE_CURRENCY is {currency!r}: use a three-letter code, such as eur."
        )
    return currency


def _is_live(key: str, prefixes: tuple[str, ...]) -> bool:
    return key.startswith(prefixes)


def _refuse_mixed_modes(secret: str, publishable: str, *, live: bool) -> None:
    if secret and not secret.startswith(("sk_test_", "sk_live_", "rk_test_", "rk_live_")):
        raise UnsafeSetting(
            "STRIPE_SECRET_KEY must start with sk_test_, sk_live_, rk_test_ or rk_live_."
        )
    if publishable and not publishable.startswith(("pk_test_", "pk_live_")):
        raise UnsafeSetting("STRIPE_PUBLISHABLE_KEY must start with pk_test_ or pk_live_.")
    if secret and publishable and live != _is_live(publishable, ("pk_live_",)):
        raise UnsafeSetting(
            "STRIPE_PUBLISHABLE_KEY and STRIPE_SECRET_KEY are of different modes (test and live)."
        )


def _require(value: str, name: str) -> None:
    if not value:
        raise UnsafeSetting(f"{name} is missing: set it, or turn STRIPE_MOCK_MODE on.")


def checkout_origins(stripe: Stripe) -> tuple[str, ...]:
    """Return the origins that our forms may lead to: browsers check redirects of a form too."""
    if stripe.is_stand_in:
        return ("http:", "https:")
    return ("https://checkout.stripe.com", "https://billing.stripe.com")
