"""What each of our staff's groups may do in the admin: each page and each action, asked by everybody.

All ask about rows that are not there: whoever may never do it hears 403, all others that there is
none (a row's history, which hears that first, asks for the same right as its page). That pages about
real rows open is tests/staff/test_groups.py's to prove.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings as product
from django.contrib.auth.models import Group
from django.db.models import UUIDField
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver
from pytest_django import Settings

from public_apps.accounts.models import Role, User
from public_apps.core.schema_context import in_public, inside
from public_apps.tenants.models import Tenant
from staff import groups, second_factor
from staff.site import site
from tests.unit.in_process import InProcess
from tests.unit.matrices import Cells, Matrix, is_asked
from tests.unit.undoing import undone
from tests.unit.visitors import HOST, visitor

TABLE = Path(__file__).with_name("matrix.txt")
NO_ROW, NO_UUID = "2147483000", "00000000-0000-4000-8000-000000000000"
# Nothing of ours is behind these: names of apps, and what every admin of Django's leads on by.
PASSED_OVER = frozenset({"jsi18n", "view_on_site", "app_list"})
# How a page shows that it asks before it acts on many.
ASKS = ('name="confirmed"', 'name="post" value="yes"')


@dataclass(frozen=True)
class Deed:
    """A page to read, a form to send, or an action on what was chosen in a list."""

    method: str
    route: str
    action: str = ""
    chosen: str = NO_ROW

    @property
    def name(self) -> str:
        """Its row in the table."""
        return ":".join(filter(None, (self.method, self.route or "/", self.action)))

    @property
    def path(self) -> str:
        """Its address, with rows that are not there."""
        parts = self.route.split("/")
        return "/admin/" + "/".join(NO_ROW if part == "ROW" else part for part in parts)


def deeds() -> list[Deed]:
    """Return all that the admin's addresses and lists offer."""
    pages = [deed for route, name in _routes(site.get_urls(), "") for deed in _of(route, name)]
    return [*dict.fromkeys((*pages, *_actions()))]


def _routes(patterns: list[Any], prefix: str) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and pattern.name not in PASSED_OVER:
            yield route, str(pattern.name or "")


def _of(route: str, name: str) -> Iterator[Deed]:
    plain = "/".join("ROW" if part.startswith("<") else part for part in route.split("/"))
    if not name or name.endswith("_history"):  # what has no name leads on to another
        return
    yield Deed("GET", plain)
    if not name.endswith("_changelist"):
        yield Deed("POST", plain)


def _actions() -> Iterator[Deed]:
    """Yield the actions of each list, as somebody is offered them who may do everything."""
    request = RequestFactory().get("/admin/")
    request.user = User(is_active=True, is_staff=True, is_superuser=True)
    for model, admin in site._registry.items():
        route = f"{model._meta.app_label}/{model._meta.model_name}/"
        row = NO_UUID if isinstance(model._meta.pk, UUIDField) else NO_ROW
        for action in admin.get_actions(request):
            yield Deed("POST", route, action, row)


def told(deed: Deed, answer: requests.Response) -> str:
    """Say what was answered: the status, where it leads, or whether an action asks."""
    leads_to = answer.headers.get("Location", "")
    if leads_to.startswith("/admin/login/"):
        return "login"
    if deed.action and answer.status_code in {200, 302}:
        return "asks" if any(mark in answer.text for mark in ASKS) else "no"
    return str(answer.status_code)


def _session(user: User, *, proven: bool = True) -> dict[str, str]:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[second_factor.STATE] = second_factor.PROVEN if proven else None
    session.save()
    return _cookie(session.session_key)


def _cookie(key: object) -> dict[str, str]:
    return {"Cookie": f"{product.SESSION_COOKIE_NAME}={key}"}


def callers(tenant: Tenant) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield everybody: a name, the headers that they bring, and the host that they ask."""
    public = product.TENANT_BASE_DOMAIN
    yield "nobody", {}, public
    with inside(tenant.schema_name):
        owner = visitor(Role.OWNER).session.session_key
    yield "owner", _cookie(owner), public
    with in_public():
        groups.bring_in_line()
        yield "newcomer", _session(_colleague("newcomer")), public
        for group in groups.GRANTS:
            member = _colleague(group)
            member.groups.add(Group.objects.get(name=group))
            yield group, _session(member), public
        yield "superuser", _session(_colleague("root", is_superuser=True)), public
        operator = User.objects.get(email="operator@ours.example")
        yield "unproven", _session(operator, proven=False), public
        yield "tenant-host", _session(operator), HOST
        gone = _colleague("gone", is_superuser=True)
        headers = _session(gone)
        User.objects.filter(pk=gone.pk).update(is_active=False)
        yield "gone", headers, public


def _colleague(name: str, **fields: Any) -> User:
    return User.objects.create_user(f"{name}@ours.example", is_staff=True, **fields)


@pytest.fixture
def answers(tenant: Tenant, settings: Settings) -> Cells:
    """What each of them was answered."""
    settings.STAFF_MFA_REQUIRED = True
    http, found = InProcess(checks_csrf=False), defaultdict[str, dict[str, str]](dict)
    offered = deeds()
    with in_public():
        for name, headers, host in list(callers(tenant)):
            for deed in offered if is_asked(name) else ():
                with undone():
                    answer = http.ask(
                        deed.method, deed.path, host=host, headers=headers, **_content(deed)
                    )
                found[deed.name][name] = told(deed, answer)
    return found


def _content(deed: Deed) -> dict[str, Any]:
    if deed.action:
        return {"data": {"action": deed.action, "index": "0", "_selected_action": deed.chosen}}
    return {"data": {}} if deed.method == "POST" else {}


def test_everybody_is_answered_as_the_table_says(answers: Cells) -> None:
    Matrix.read(TABLE).check(answers)
