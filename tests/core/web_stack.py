"""A ground of their own for tests that count, break or race: a database where no worker interferes.

One PostgreSQL, web server and mail catcher for all of them, made on first use. This process works on
the same database, so a test can look inside, and step in where only an accident would.
"""

from __future__ import annotations

import dataclasses
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import requests
from django.conf import settings
from django.db import connection, connections, transaction
from django.test import override_settings
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from billing import webhook_stats
from billing.models import StripeEvent, WebhookSlot
from config import database as database_settings
from devstack.processes import PartFailed
from devstack.stack import Stack
from public_apps.accounts import first_owner
from public_apps.accounts.models import User
from public_apps.core.models import OutgoingMail, PeriodicRun
from public_apps.core.schema_context import inside
from public_apps.monitoring.models import Incident
from public_apps.tenants import domains, provisioning
from public_apps.tenants.models import Domain, RestoreTest, Tenant
from public_apps.tenants.offboarding import orphans, steps
from public_apps.tenants.offboarding.orphans import Orphans
from public_apps.tenants.schema_drop import drop_schema
from tests import templates

PASSWORD = "a-quiet-courtyard-42"
NOBODY = "http://127.0.0.1:9"  # the discard port: whoever calls there is refused at once
FRONTEND = "https://www.newconcierge.example"
OLD_WEBHOOK_SECRET = "whsec_of_last_month"  # on its way out while the secret is being rolled
_WEB_STACK = pytest.StashKey["WebStack"]()
_FAILED = pytest.StashKey[str]()
# Each ground has its own of these, whatever the run was given.
_OWN = frozenset(
    {"ARCHIVE_STORE", "DATABASE_URL", "EMAIL_PORT", "PORT", "SITE_URL", "STRIPE_API_BASE"}
)


_LEFT_AS_FOUND: list[Callable[[], Iterable[str]]] = []


# What “collectstatic” leaves of no files at all.
NO_FILES = '{"paths": {}, "version": "1.1", "hash": ""}'


def left_as_found(check: Callable[[], Iterable[str]]) -> Callable[[], Iterable[str]]:
    """Ask this after every test: whatever it names, the test should not have changed, and fails."""
    _LEFT_AS_FOUND.append(check)
    return check


@dataclass(frozen=True)
class Workspace:
    """A workspace that somebody has bought, with its owner's address."""

    tenant: Tenant
    host: str
    owner: str


class HttpClient:
    """HTTP to a web server, from one client's address: behind one proxy, as in production."""

    def __init__(self, port: int, *, home: HttpClient | None = None) -> None:
        self.port = port
        self.home = home or self  # the web stack's own web server, if this is another one
        self.url = f"http://127.0.0.1:{port}"
        self.address = ".".join(str(1 + secrets.randbelow(250)) for _ in range(4))

    def ask(
        self,
        method: str,
        path: str,
        *,
        host: str = "localhost",
        headers: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> requests.Response:
        """Send one request and return the answer as it is, redirects not followed."""
        sent = {"Host": host, "X-Forwarded-For": self.address, **(headers or {})}
        kwargs = {"allow_redirects": False, **kwargs}
        return requests.request(method, f"{self.url}{path}", headers=sent, timeout=60, **kwargs)

    def sign_in(self, workspace: Workspace, password: str = PASSWORD) -> requests.Response:
        """Try to sign the owner in by the API."""
        body = {"email": workspace.owner, "password": password}
        path = "/_allauth/app/v1/auth/login"
        return self.ask("POST", path, host=workspace.host, json=body)

    def token(self, workspace: Workspace) -> str:
        """Sign the owner in and return the session token."""
        answer = self.sign_in(workspace)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["meta"]["session_token"])


class WebStack:
    """The stack that these tests stand on, and two neighbours who live there."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    @cached_property
    def acme(self) -> Workspace:
        """A workspace that no test may change for good."""
        return create_workspace("acme")

    @cached_property
    def birch(self) -> Workspace:
        """Its neighbour."""
        return create_workspace("birch")

    def http_client(self) -> HttpClient:
        """Return a client that nobody has seen before."""
        return HttpClient(self.stack.web_port)


def create_workspace(label: str = "", *, password: str | None = PASSWORD) -> Workspace:
    """Make an open workspace by the steps that a purchase takes, without the purchase."""
    label = label or f"court-{secrets.token_hex(4)}"
    owner = f"eleni@{label}.example"
    with transaction.atomic():
        tenant = provisioning.take_tenant(name=label.title(), owner_email=owner)
        host = domains.ensure_primary(tenant, label=label).domain
    person = first_owner.ensure_owner(
        schema_name=tenant.schema_name,
        email=owner,
        first_name="Eleni",
        last_name="Papadaki",
        language="en",
    )
    with inside(tenant.schema_name):
        person.set_password(password)
        person.save()
    provisioning.open_tenant(tenant)
    return Workspace(tenant=tenant, host=host, owner=owner)


def person_of(workspace: Workspace) -> User:
    """Return the owner's row as it is now."""
    with inside(workspace.tenant.schema_name):
        return User.objects.get(email=workspace.owner)


def plain_environ() -> dict[str, str]:
    """Return the run's environment without what every stack makes up for itself."""
    kept = {name: value for name, value in os.environ.items() if name not in _OWN}
    return {
        **kept,
        "TRUSTED_PROXIES": "1",
        "STRIPE_API_BASE": NOBODY,
        "STRIPE_WEBHOOK_SECRET": f"{kept['STRIPE_WEBHOOK_SECRET']},{OLD_WEBHOOK_SECRET}",
        "EVENT_MAX_ATTEMPTS": "2",
        "CORS_ALLOWED_ORIGINS": f"{FRONTEND},https://*.vercel.app",
        "CSRF_TRUSTED_ORIGINS": f"{FRONTEND},https://*.vercel.app",
    }


def as_built(folder: Path) -> str:
    """Leave in a folder what a release's build leaves, with no file in it; return where that is.

    A web without DJANGO_DEBUG starts with `STATIC_ROOT` there.
    """
    folder.mkdir(exist_ok=True)
    (folder / "staticfiles.json").write_text(NO_FILES)
    return str(folder)


@contextmanager
def another_web(web_stack: WebStack, folder: Path, **environ: str) -> Iterator[HttpClient]:
    """Start one more web server on the web stack's database, with settings of its own.

    Of one process, if nothing else is said: that there are several is the web stack's to prove.
    Without DJANGO_DEBUG its static files are none, and so are its pages: compressing takes too long.
    """
    kept = web_stack.stack.env.items()
    given = {name: value for name, value in kept if name not in {"PORT", "STATIC_ROOT"}}
    stack = Stack(folder, environ={**given, "WEB_CONCURRENCY": "1", **environ})
    as_built(Path(stack.env["STATIC_ROOT"]))
    try:
        stack.start_part("web")
        yield HttpClient(stack.web_port, home=web_stack.http_client())
    finally:
        stack.discard()


@contextmanager
def connected_to(stack: Stack) -> Iterator[None]:
    """Let this process, all its threads included, work on the stack's database and mail catcher."""
    entry: dict[str, Any] = connections.settings["default"]
    before = dict(entry)
    connection.close()
    entry.update(database_settings.entry(stack.database_url), ENGINE=before["ENGINE"])
    static = stack.folder / "static"  # WhiteNoise warns of a folder that is not there
    static.mkdir(exist_ok=True)
    try:
        with override_settings(
            ARCHIVE_STORE=_store_on(stack),
            # pytest-django would keep mails in memory: here they go over the wire.
            EMAIL_BACKEND=stack.env["EMAIL_BACKEND"],
            EMAIL_PORT=int(stack.env["EMAIL_PORT"]),
            SITE_URL=stack.env["SITE_URL"],
            STATIC_ROOT=static,
            # Another test's mock Stripe may be running: who stands here asks this stack's, or nobody.
            STRIPE=dataclasses.replace(
                settings.STRIPE, api_base=stack.env["STRIPE_API_BASE"].rstrip("/")
            ),
        ):
            yield
    finally:
        connection.close()
        entry.update(before)


def _store_on(stack: Stack) -> str:
    """Return the stack's store, unless the test has one of its own: a store is one database's."""
    given: str = settings.ARCHIVE_STORE
    return stack.env["ARCHIVE_STORE"] if given == os.environ.get("ARCHIVE_STORE") else given


def _started(folder: Path) -> Stack:
    stack = Stack(folder, environ=plain_environ(), template=templates.at_head())
    try:
        for part in ("postgres", "mail"):
            stack.start_part(part)
        stack.release()
        stack.start_part("web")
    except BaseException:
        stack.discard()
        raise
    return stack


def _web_stack(request: pytest.FixtureRequest) -> WebStack:
    stash = request.config.stash
    if _FAILED in stash:  # once is enough to know: every other test would wait as long for the same
        pytest.fail(f"the web stack could not be made: {stash[_FAILED]}")
    if _WEB_STACK not in stash:
        factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
        try:
            stack = _started(factory.mktemp("web-stack"))
        except PartFailed as failed:
            stash[_FAILED] = f"{failed}\n{failed.log_tail}"
            raise
        # Before the session is over, or the coverage of its processes would come after the report.
        request.session.addfinalizer(stack.discard)
        stash[_WEB_STACK] = WebStack(stack)
    return stash[_WEB_STACK]


@pytest.fixture
def web_stack(
    request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker
) -> Iterator[WebStack]:
    """A database and a web server where nothing happens but what the test does."""
    web_stack = _web_stack(request)
    with (
        django_db_blocker.unblock(),
        connected_to(web_stack.stack),
        mock.patch.object(steps, "STILL_IN_USE", timedelta(0)),  # here nobody else is within
    ):
        _settle()
        yield web_stack
        amiss = [told for checked in _LEFT_AS_FOUND for told in checked()]
    if amiss:
        pytest.fail(f"this test changed what others share: {'; '.join(amiss)}")


def _settle() -> None:
    """Leave nothing due that an earlier test has begun, and nothing amiss that it did on purpose.

    A worker would be busy with it, and whoever examines the whole system would find it.
    """
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE status = 'todo'")
        cursor.execute("DELETE FROM procrastinate_workers")
    now = timezone.now()
    StripeEvent.objects.filter(status="received").update(status="ignored", processed_at=now)
    OutgoingMail.objects.waiting().update(failed_at=now)
    for told in (RestoreTest, Incident, WebhookSlot, PeriodicRun):
        told.objects.all().delete()
    webhook_stats.forget_unwritten()
    _give_up(orphans.find())


def _give_up(lost: Orphans) -> None:
    for name in lost.schemas:
        drop_schema(name)
    Domain.objects.filter(domain__in=lost.domains).delete()
    emptied = Tenant.objects.filter(schema_name__in=lost.rows)
    Domain.objects.filter(tenant__in=emptied).delete()
    emptied.update(provisioned_at=None, claimed_at=None, opened_at=None)


@pytest.fixture
def http_client(web_stack: WebStack) -> HttpClient:
    """A client at the web stack's web server, with an address that nobody has seen before."""
    return web_stack.http_client()
