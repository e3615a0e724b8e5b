"""An unsafe or missing setting stops the boot with one sentence that names it; a good one does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devstack import environment
from devstack.processes import ROOT

CHECK = (sys.executable, "manage.py", "check")
GUNICORN = (
    sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi:application",
    "--bind", "127.0.0.1:0",
)  # fmt: skip
LIVE = {
    "STRIPE_SECRET_KEY": "sk_live_" + "a" * 24,
    "STRIPE_PUBLISHABLE_KEY": "pk_live_" + "a" * 24,
}
MOCK = {"STRIPE_MOCK_MODE": "True"}
DEFAULT_SECRET = "insecure-development-key-never-for-production"

# What is changed in a good production's settings (None: left out), and the setting to be named.
REFUSED: dict[str, tuple[dict[str, str | None], str]] = {
    "no secret key": ({"DJANGO_SECRET_KEY": None}, "DJANGO_SECRET_KEY"),
    "an empty secret key": ({"DJANGO_SECRET_KEY": " "}, "DJANGO_SECRET_KEY"),
    "the default secret key": ({"DJANGO_SECRET_KEY": DEFAULT_SECRET}, "DJANGO_SECRET_KEY"),
    "a short secret key": ({"DJANGO_SECRET_KEY": "x" * 39}, "DJANGO_SECRET_KEY"),
    "Django's own example key": (
        {"DJANGO_SECRET_KEY": "django-insecure-" + "x" * 50}, "DJANGO_SECRET_KEY",
    ),
    "no database": ({"DATABASE_URL": None}, "DATABASE_URL"),
    "another database": ({"DATABASE_URL": "mysql://u:p@db/x"}, "DATABASE_URL"),
    "a file for a database": ({"DATABASE_URL": "sqlite:///db.sqlite3"}, "DATABASE_URL"),
    "no hosts": ({"DJANGO_ALLOWED_HOSTS": None}, "DJANGO_ALLOWED_HOSTS"),
    "every host": ({"DJANGO_ALLOWED_HOSTS": "*"}, "DJANGO_ALLOWED_HOSTS"),
    "a wildcard host": ({"DJANGO_ALLOWED_HOSTS": "a.example,.example"}, "DJANGO_ALLOWED_HOSTS"),
    "a host with its scheme": ({"DJANGO_ALLOWED_HOSTS": "https://a.example"}, "DJANGO_ALLOWED_HOSTS"),
    "no base domain": ({"TENANT_BASE_DOMAIN": None}, "TENANT_BASE_DOMAIN"),
    "a base domain with its scheme": ({"TENANT_BASE_DOMAIN": "https://a.example"}, "TENANT_BASE_DOMAIN"),
    "a site by plain http": ({"SITE_URL": "http://newconcierge.example"}, "SITE_URL"),
    "a site with a path": ({"SITE_URL": "https://newconcierge.example/app"}, "SITE_URL"),
    "a frontend without scheme": ({"FRONTEND_URL": "www.newconcierge.example"}, "FRONTEND_URL"),
    "a short frontend secret": ({"FRONTEND_SECRET": "x" * 31}, "FRONTEND_SECRET"),
    "a short one among long ones": (
        {"FRONTEND_SECRET": "x" * 40 + ", short"}, "FRONTEND_SECRET",
    ),
    "no uploads at all": ({"UPLOAD_MAX_MIB": "0"}, "UPLOAD_MAX_MIB"),
    "links to no frontend": ({"FRONTEND_LINKS": "True", "FRONTEND_URL": None}, "FRONTEND_LINKS"),
    "links to a frontend by plain http": (
        {"FRONTEND_LINKS": "True", "FRONTEND_URL": "http://www.newconcierge.example"},
        "FRONTEND_LINKS",
    ),
    "links between on and off": ({"FRONTEND_LINKS": "maybe"}, "FRONTEND_LINKS"),
    "no Stripe key": ({"STRIPE_SECRET_KEY": None}, "STRIPE_SECRET_KEY"),
    "a publishable key for a secret one": (
        {"STRIPE_SECRET_KEY": "pk_test_" + "a" * 24}, "STRIPE_SECRET_KEY",
    ),
    "a secret key for a publishable one": (
        {"STRIPE_PUBLISHABLE_KEY": "sk_test_" + "a" * 24}, "STRIPE_PUBLISHABLE_KEY",
    ),
    "no webhook secret": ({"STRIPE_WEBHOOK_SECRET": None}, "STRIPE_WEBHOOK_SECRET"),
    "a list of no webhook secrets": ({"STRIPE_WEBHOOK_SECRET": " , ,"}, "STRIPE_WEBHOOK_SECRET"),
    "keys of two modes": (
        {"STRIPE_SECRET_KEY": LIVE["STRIPE_SECRET_KEY"]}, "STRIPE_PUBLISHABLE_KEY",
    ),
    "keys of two modes, the other way": (
        {"STRIPE_PUBLISHABLE_KEY": LIVE["STRIPE_PUBLISHABLE_KEY"]}, "STRIPE_PUBLISHABLE_KEY",
    ),
    "a live key in mock mode": ({**LIVE, **MOCK}, "STRIPE_MOCK_MODE"),
    "a restricted live key in mock mode": (
        {**LIVE, **MOCK, "STRIPE_SECRET_KEY": "rk_live_" + "a" * 24}, "STRIPE_MOCK_MODE",
    ),
    "a live key that goes elsewhere": (
        {**LIVE, "STRIPE_API_BASE": "http://127.0.0.1:12111"}, "STRIPE_API_BASE",
    ),
    "a stand-in for Stripe where we sell": (
        {"STRIPE_API_BASE": "http://127.0.0.1:12111"}, "STRIPE_STAND_IN_FOR_STAGING",
    ),
    "a live key in a staging": (
        {**LIVE, "STRIPE_API_BASE": "http://127.0.0.1:1", "STRIPE_STAND_IN_FOR_STAGING": "True"},
        "STRIPE_API_BASE",
    ),
    "a comment behind a switch": ({"STRIPE_MOCK_MODE": "False  # off"}, "STRIPE_MOCK_MODE"),
    "a comment behind a token": ({"METRICS_TOKEN": "abc #token"}, "METRICS_TOKEN"),
    "a query that PostgreSQL does not know": (
        {"DATABASE_URL": "postgresql://u:word@db/x?pgbouncer=true"}, "DATABASE_URL",
    ),
    "a Stripe without scheme": ({"STRIPE_API_BASE": "127.0.0.1:12111"}, "STRIPE_API_BASE"),
    "an odd currency": ({"STRIPE_CURRENCY": "euro"}, "STRIPE_CURRENCY"),
    "an origin without scheme": ({"CORS_ALLOWED_ORIGINS": "a.example"}, "CORS_ALLOWED_ORIGINS"),
    "every origin": ({"CORS_ALLOWED_ORIGINS": "*"}, "CORS_ALLOWED_ORIGINS"),
    "every origin of a scheme": ({"CORS_ALLOWED_ORIGINS": "https://*"}, "CORS_ALLOWED_ORIGINS"),
    "a wildcard within a label": (
        {"CORS_ALLOWED_ORIGINS": "https://app-*.vercel.app"}, "CORS_ALLOWED_ORIGINS",
    ),
    "an origin with a path": ({"CORS_ALLOWED_ORIGINS": "https://a.example/x"}, "CORS_ALLOWED_ORIGINS"),
    "a trusted origin without scheme": (
        {"CSRF_TRUSTED_ORIGINS": "a.example"}, "CSRF_TRUSTED_ORIGINS",
    ),
    "a switch between on and off": ({"DJANGO_DEBUG": "maybe"}, "DJANGO_DEBUG"),
    "a mock mode between on and off": ({"STRIPE_MOCK_MODE": "tru"}, "STRIPE_MOCK_MODE"),
    "a TLS between on and off": ({"EMAIL_USE_TLS": "STARTTLS"}, "EMAIL_USE_TLS"),
    "a port that is none": ({"EMAIL_PORT": "smtp"}, "EMAIL_PORT"),
    "a negative pool": ({"TENANT_POOL_SIZE": "-1"}, "TENANT_POOL_SIZE"),
    "a grace of half a day": ({"PAST_DUE_GRACE_DAYS": "0.5"}, "PAST_DUE_GRACE_DAYS"),
    "no retention": ({"RETENTION_DAYS": "0"}, "RETENTION_DAYS"),
    "an odd rate": ({"CHECKOUT_RATE": "many"}, "CHECKOUT_RATE"),
    "archives nowhere we know": ({"ARCHIVE_STORE": "gs://archives"}, "ARCHIVE_STORE"),
    "a bucket without a key": ({"ARCHIVE_STORE": "s3://archives"}, "ARCHIVE_S3_ACCESS_KEY_ID"),
    "archives by plain http": (
        {"ARCHIVE_S3_ENDPOINT": "http://s3.example"}, "ARCHIVE_S3_ENDPOINT",
    ),
}  # fmt: skip
# Boots that a guard must not be in the way of.
TAKEN: dict[str, dict[str, str | None]] = {
    "a production with test keys": {},
    "a production with live keys": dict(LIVE),
    "a restricted live key": {**LIVE, "STRIPE_SECRET_KEY": "rk_live_" + "a" * 24},
    "Stripe's own address": {"STRIPE_API_BASE": "https://api.stripe.com/"},
    "a staging": {
        "STRIPE_API_BASE": "http://127.0.0.1:12111", "STRIPE_STAND_IN_FOR_STAGING": "True",
    },
    "a database by its socket": {"DATABASE_URL": "postgresql://u:w@%2Fvar%2Frun%2Fnone/x"},
    "manual mode without any key": {
        **MOCK, "STRIPE_SECRET_KEY": None, "STRIPE_PUBLISHABLE_KEY": None,
        "STRIPE_WEBHOOK_SECRET": None,
    },
    "switches in capitals": {"DJANGO_DEBUG": "FALSE", "EMAIL_USE_TLS": "YES"},
    "frontend secrets being rolled": {"FRONTEND_SECRET": "x" * 32 + ", " + "y" * 40},
    "secrets being rolled": {"STRIPE_WEBHOOK_SECRET": "whsec_a, whsec_b"},
    "origins by wildcard": {
        "CORS_ALLOWED_ORIGINS": "https://a.example, https://*.vercel.app/",
        "CSRF_TRUSTED_ORIGINS": "https://*.vercel.app",
    },
    "links to a frontend": {"FRONTEND_LINKS": "True"},
    "links to a frontend on this machine": {
        "FRONTEND_LINKS": "True", "FRONTEND_URL": "http://localhost:3000",
    },
    "a loopback site by plain http": {"SITE_URL": "http://localhost:8000"},
    "archives in a bucket near by": {
        "ARCHIVE_STORE": "s3://archives/new-concierge",
        "ARCHIVE_S3_ENDPOINT": "http://store.railway.internal:9000",
        "ARCHIVE_S3_ACCESS_KEY_ID": "concierge", "ARCHIVE_S3_SECRET_ACCESS_KEY": "b" * 40,
    },
}  # fmt: skip


def boot(
    command: tuple[str, ...], changes: dict[str, str | None]
) -> subprocess.CompletedProcess[str]:
    """Start a process with a good production's settings and these changes."""
    given = {
        **environment.without_settings(os.environ),
        **environment.production_like(),
        "DATABASE_URL": "postgresql://concierge:word@127.0.0.1:9/concierge",
        **changes,
    }
    present = {name: value for name, value in given.items() if value is not None}
    return subprocess.run(
        command, cwd=ROOT, env=present, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("name", REFUSED)
def test_a_command_refuses_an_unsafe_setting_in_one_sentence(name: str) -> None:
    changes, setting = REFUSED[name]
    refused = boot(CHECK, changes)
    assert refused.returncode != 0
    (sentence,) = refused.stderr.splitlines()
    assert sentence.startswith("New Concierge does not start: ")
    assert setting in sentence
    assert sentence.endswith(".")
    for value in (LIVE["STRIPE_SECRET_KEY"], "word"):
        assert value not in sentence, "a refusal ends up in logs"


@pytest.mark.parametrize("name", ["no secret key", "a live key in mock mode", "no database"])
def test_the_web_server_refuses_with_the_same_sentence_and_does_not_try_again(name: str) -> None:
    changes, setting = REFUSED[name]
    refused = boot(GUNICORN, changes)
    assert refused.returncode != 0
    sentences = [line for line in refused.stderr.splitlines() if setting in line]
    assert len(sentences) == 1
    assert "Traceback" not in refused.stderr


def test_the_web_server_refuses_to_serve_pages_without_their_files(tmp_path: Path) -> None:
    refused = boot(GUNICORN, {"STATIC_ROOT": str(tmp_path)})
    assert refused.returncode != 0
    [sentence] = [line for line in refused.stderr.splitlines() if "STATIC_ROOT" in line]
    assert sentence.startswith(f"New Concierge does not start: STATIC_ROOT {tmp_path} holds no")
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("name", TAKEN)
def test_good_settings_boot(name: str) -> None:
    taken = boot(CHECK, TAKEN[name])
    assert taken.returncode == 0, taken.stderr


def test_development_needs_nothing_but_to_say_so() -> None:
    bare = {**environment.without_settings(os.environ), "DJANGO_DEBUG": "True", **MOCK}
    done = subprocess.run(
        CHECK, cwd=ROOT, env=bare, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_without_a_word_it_is_production() -> None:
    """A forgotten DJANGO_DEBUG must not open a debugger to the world."""
    refused = boot(CHECK, {"DJANGO_DEBUG": None, "DJANGO_SECRET_KEY": None})
    assert "DJANGO_SECRET_KEY" in refused.stderr


def test_a_check_tells_which_origins_are_not_trusted_and_what_production_lacks() -> None:
    deploy = (*CHECK, "--deploy")
    told = boot(deploy, {"CSRF_TRUSTED_ORIGINS": "https://*.vercel.app", "METRICS_TOKEN": None})
    assert told.returncode == 0
    assert "concierge.I001" in told.stderr
    assert "concierge.W001" in told.stderr
    assert "concierge.W002" not in told.stderr


@pytest.mark.parametrize(
    ("debug", "hasher"), [("False", "ScryptPasswordHasher"), ("True", "Quick")]
)
def test_passwords_are_hashed_quickly_where_nothing_is_secret_and_nowhere_else(
    debug: str, hasher: str
) -> None:
    given = {**environment.without_settings(os.environ), **environment.production_like()}
    url = os.environ["DATABASE_URL"]
    asked = subprocess.run(
        [sys.executable, "-c", "from config import settings; print(settings.PASSWORD_HASHERS[0])"],
        cwd=ROOT,
        env={**given, "DJANGO_DEBUG": debug, "DATABASE_URL": url, "QUICK_PASSWORDS": "True"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert hasher in asked.stdout.rpartition(".")[2]
