"""The deployment guide's variables, pasted as they stand, with what README adds: production starts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
import pytest
import requests

from config import database, env
from devstack import environment, ports
from devstack.processes import ROOT
from tests.core.web_stack import WebStack, as_built

# As the guide has them, to the letter.
GUIDE = """\
# Stripe Configuration (TEST MODE - even in production)
STRIPE_SECRET_KEY=sk_test_...  # Test secret key (for production deployment)
STRIPE_PUBLISHABLE_KEY=pk_test_...  # Test publishable key (for production deployment)
STRIPE_WEBHOOK_SECRET=whsec_...  # Webhook signing secret (from test mode)
STRIPE_CURRENCY=eur
STRIPE_MOCK_MODE=False  # Disable mock mode for production

# Django Configuration
DJANGO_ALLOWED_HOSTS=linuxversion-production.up.railway.app,linux-version.vercel.app
CORS_ALLOWED_ORIGINS=https://linux-version.vercel.app,https://*.vercel.app
CSRF_TRUSTED_ORIGINS=https://linux-version.vercel.app,https://*.vercel.app
FRONTEND_URL=https://linux-version.vercel.app

# Email Configuration (for welcome emails)
EMAIL_BACKEND=django.core.mail.backends.smtp.EmailBackend
EMAIL_HOST=smtp.gmail.com
EMAIL_PORT=587
EMAIL_USE_TLS=True
EMAIL_HOST_USER=somebody@gmail.com
EMAIL_HOST_PASSWORD=your-app-password
DEFAULT_FROM_EMAIL=New Concierge <noreply@newconcierge.gr>
EMAIL_SUBJECT_PREFIX=[New Concierge] 
"""  # noqa: W291 - the guide's own blank
HOST = "linuxversion-production.up.railway.app"
WEB = (sys.executable, "-m", "config.gunicorn_start")


def pasted(text: str, *, comments: bool) -> dict[str, str]:
    """Return the variables of a block, with what stands behind ` #` as a part of the value or not."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _equals, value = line.partition("=")
            found[name] = value if comments else re.sub(r"\s+#.*", "", value)
    return found


def added_by_readme() -> dict[str, str]:
    """Return README's own block, with values for what it leaves to whoever deploys."""
    block = (ROOT / "README.md").read_text().split("## To Railway")[1].split("```")[1]
    found = pasted(block.removeprefix("sh\n"), comments=False)
    assert found["DATABASE_URL"] == "${{Postgres.DATABASE_URL}}"
    return {
        **found,
        "DATABASE_URL": os.environ["DATABASE_URL"],
        "DJANGO_SECRET_KEY": "s" * 64,
        "METRICS_TOKEN": "t" * 32,
    }


@contextmanager
def serving(given: Mapping[str, str], folder: Path) -> Iterator[tuple[int, Path]]:
    """Run the Procfile's web on a free port, built as a release is; yields the port and what it says."""
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    assert lines["web"] == "python -m config.gunicorn_start"
    port, said = ports.free(), folder / "web.log"
    bare = environment.without_settings(os.environ)
    with said.open("w") as log, subprocess.Popen(
        WEB, cwd=ROOT, stdout=log, stderr=log,
        env={**bare, **given, "PORT": str(port), "STATIC_ROOT": as_built(folder)},
    ) as web:  # fmt: skip
        try:
            yield port, said
        finally:
            web.terminate()
            web.wait(40)


def answer(port: int, said: Path, address: str = "127.0.0.1") -> requests.Response:
    """Ask the API for its mode until the server is up."""
    deadline = time.monotonic() + 60
    headers = {"Host": HOST, "X-Forwarded-Proto": "https"}
    while True:
        try:
            url = f"http://{address}:{port}/api/billing/config/"
            return requests.get(url, headers=headers, timeout=10)
        except requests.ConnectionError:
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.2)


def test_the_guides_block_and_readmes_start_production(web_stack: WebStack, tmp_path: Path) -> None:
    given = {
        **pasted(GUIDE, comments=False),
        **added_by_readme(),
        "DATABASE_URL": web_stack.stack.database_url,
        "WEB_CONCURRENCY": "",
        "WEB_THREADS": "",
        "HOME": str(tmp_path),
    }
    with serving(given, tmp_path) as (port, said):
        assert answer(port, said).json() == {
            "publishable_key": "pk_test_...", "currency": "eur", "mode": "test",
        }  # fmt: skip
        assert answer(port, said, "[::1]").status_code == 200, "WEB_HOST=:: takes both"
    assert not list(tmp_path.rglob("*.ctl")), "gunicorn's control socket stays off"


def test_a_comment_behind_a_value_is_refused_by_the_name_of_the_setting() -> None:
    given = {**pasted(GUIDE, comments=True), **added_by_readme()}
    refused = subprocess.run(
        WEB, cwd=ROOT, env={**environment.without_settings(os.environ), **given},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert refused.returncode != 0
    (sentence,) = (line for line in refused.stderr.splitlines() if "does not start" in line)
    assert "STRIPE_MOCK_MODE has a comment behind its value" in sentence
    assert "sk_test_" not in refused.stderr


@pytest.mark.parametrize("value", ["[New Concierge] ", "[New Concierge]", "[Block #1]  "])
def test_a_subjects_prefix_keeps_its_blank(value: str) -> None:
    prefix = env.subject_prefix(env.load({"EMAIL_SUBJECT_PREFIX": value}))
    assert prefix == f"{value.strip()} "
    assert env.subject_prefix(env.load({"EMAIL_SUBJECT_PREFIX": " "})) == ""


def test_a_value_that_begins_with_a_dollar_sign_is_that_value() -> None:
    given = {"EMAIL_HOST_PASSWORD": "$word", "word": "another"}
    assert env.text(env.load(given), "EMAIL_HOST_PASSWORD") == "$word"


@pytest.mark.parametrize(
    ("changed", "setting"),
    [
        ({"WEB_CONCURRENCY": "many"}, "WEB_CONCURRENCY"),
        ({"WEB_CONCURRENCY": "0"}, "WEB_CONCURRENCY"),
        ({"WEB_THREADS": "-1"}, "WEB_THREADS"),
        ({"WEB_HOST": "everywhere, please"}, "WEB_HOST"),
        ({"PORT": "70000"}, "PORT"),
    ],
)
def test_the_web_refuses_what_it_cannot_listen_by(changed: dict[str, str], setting: str) -> None:
    refused = subprocess.run(
        WEB, cwd=ROOT, env={**environment.without_settings(os.environ), **changed},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert refused.returncode != 0
    (sentence,) = refused.stderr.splitlines()
    assert sentence.startswith(f"New Concierge does not start: {setting} ")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:secret%zz@h/db",
        "postgresql://u:sec/ret@h/db",
        "postgresql://u:secret@h:port/db",
        "postgresql://u:secret@h",
        "postgresql://u:secret@h/db?options=a secret",
        "postgresql://u:secret@h/db?options=-c%20search_path%3Dpublic",
        "postgresql://u:secret@h/db?pgbouncer=true",
    ],
)
def test_a_database_url_that_cannot_be_read_is_told_without_its_secret(url: str) -> None:
    with pytest.raises(env.UnsafeSetting) as refusal:
        database.database_url(env.load({"DATABASE_URL": url}), debug=False)
    said = str(refusal.value)
    assert "DATABASE_URL" in said
    assert "secret" not in said
    assert ("pgbouncer" in said) == ("pgbouncer" in url)


def test_sockets_options_and_signs_in_a_database_url_are_read_as_postgresql_reads_them() -> None:
    read = database.entry(
        "postgresql://us%40er:p%2Fw%23@%2Fvar%2Frun%2Fpg:5433/db?options=-c%20geqo%3Doff&sslmode=prefer"
    )
    assert read["HOST"] == "/var/run/pg"
    assert (read["USER"], read["PASSWORD"], read["PORT"]) == ("us@er", "p/w#", "5433")
    assert read["OPTIONS"]["options"] == "-c geqo=off"
    assert read["OPTIONS"]["connect_timeout"] == 5


def test_pg_dump_reaches_the_database_by_the_same_url(web_stack: WebStack) -> None:
    """`options=` as well: the session that it opens has what the URL says."""
    from public_apps.tenants.archives import pgdump

    url = f"{web_stack.stack.database_url}?options={quote('-c geqo=off')}&application_name=pasted"
    with psycopg.connect(url) as session:
        told = pgdump._environ(session)
    assert told["PGOPTIONS"] == "-c geqo=off"
    assert told["PGAPPNAME"] == "pasted"
    assert told["PGPASSWORD"] == urlsplit(url).password
    psql = Path(pgdump.program()).with_name("psql")
    asked = subprocess.run(
        [psql, "-Atc", "SHOW geqo"],
        env=told,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert asked.stdout.strip() == "off"


def test_a_base_domain_that_can_have_no_wildcard_is_told() -> None:
    given = {
        **environment.without_settings(os.environ),
        **environment.production_like(),
        "DATABASE_URL": os.environ["DATABASE_URL"],
        "TENANT_BASE_DOMAIN": HOST,
    }
    told = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT, env=given, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert told.returncode == 0
    assert f"nobody can add the wildcard *.{HOST} below railway.app" in told.stderr
