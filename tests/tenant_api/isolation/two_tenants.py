"""Two workspaces made by the same steps: whatever has a number has the same in both."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property

import requests
from django.conf import settings
from django.db import connection

from tests.core.web_stack import PASSWORD, HttpClient, WebStack
from tests.tenant_api.operations import Operation, operations
from tests.tenant_api.sample_workspace import SampleWorkspace

_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
Told = tuple[int, str, str]


@dataclass
class TwoTenants:
    """A is where somebody with B's things knocks. B has a second lot, with ids that A has not."""

    http_client: HttpClient
    a: SampleWorkspace
    b: SampleWorkspace

    @classmethod
    def born(cls, http_client: HttpClient) -> TwoTenants:
        """Found and furnish two of them."""
        a, b = SampleWorkspace(http_client), SampleWorkspace(http_client)
        for sample_workspace in (a, b):
            sample_workspace.furnish()
            assert sample_workspace.api_key
        two_tenants = cls(http_client, a, b)
        two_tenants.b.furnish()
        return two_tenants

    @cached_property
    def operations(self) -> list[Operation]:
        """Every operation of the document that A serves."""
        return operations(self.http_client, self.a.host)

    @cached_property
    def cookie(self) -> str:
        """The session cookie of B's owner, from a sign-in by page."""
        return page_session(self.b)

    @contextmanager
    def untouched(self, *sample_workspaces: SampleWorkspace) -> Iterator[None]:
        """Assert that no table of these (or of both) has changed at the end."""
        watched = {
            sample_workspace.schema: checksums(sample_workspace)
            for sample_workspace in sample_workspaces or (self.a, self.b)
        }
        yield
        for sample_workspace in sample_workspaces or (self.a, self.b):
            now = checksums(sample_workspace)
            changed = {
                name for name, sum_ in now.items() if watched[sample_workspace.schema][name] != sum_
            }
            assert changed == set(), (
                f"{changed} of {'B' if sample_workspace is self.b else 'A'} changed"
            )


@cache
def standing_neighbours(web_stack: WebStack) -> tuple[SampleWorkspace, SampleWorkspace]:
    """Return two workspaces with nothing in them that tests share, and may write in."""
    return SampleWorkspace(web_stack.http_client()), SampleWorkspace(web_stack.http_client())


@cache
def standing_twins(web_stack: WebStack) -> TwoTenants:
    """Return the twins that tests share."""
    return TwoTenants.born(web_stack.http_client())


def stranger(http_client: HttpClient) -> HttpClient:
    """Return a client whom nobody has seen before, at the same server: limits start anew."""
    return HttpClient(int(http_client.url.rpartition(":")[2]))


def told(answer: requests.Response, *hidden: object) -> Told:
    """Return what an answer tells, with what the client itself said in it blotted out."""
    text = answer.text
    for each in hidden:
        text = text.replace(str(each), "·")
    return answer.status_code, answer.headers.get("Content-Type", ""), text


def checksums(sample_workspace: SampleWorkspace) -> dict[str, str]:
    """Return a checksum of each table of a workspace, and of its rows in public."""
    tenant = sample_workspace.workspace.tenant.pk
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s",
            [sample_workspace.schema],
        )
        sets = {name: f'"{sample_workspace.schema}"."{name}"' for (name,) in cursor.fetchall()}
        assert {"buildings_building", "votes_vote", "accounts_user"} <= set(sets)
        for name, column in (
            ("tenants_tenant", "id"), ("tenants_domain", "tenant_id"),
            ("billing_invoice", "tenant_id"),
        ):  # fmt: skip
            sets[f"public.{name}"] = f"public.{name} WHERE {column} = {int(tenant)}"
        cursor.execute(" UNION ALL ".join(_checksum(*each) for each in sets.items()))
        return dict(cursor.fetchall())


def _checksum(name: str, rows: str) -> str:
    lines = f"SELECT kept::text AS line FROM (SELECT * FROM {rows}) AS kept"  # noqa: S608 - our own names
    return (
        f"SELECT '{name}', md5(coalesce(string_agg(line, '|' ORDER BY line), ''))"  # noqa: S608
        f" FROM ({lines}) AS every"
    )


def page_session(sample_workspace: SampleWorkspace) -> str:
    """Sign the owner in by the page; return the `Cookie` header of the browser."""
    browser, url = requests.Session(), f"{sample_workspace.http_client.url}/accounts/login/"
    headers = {
        "Host": sample_workspace.host,
        "X-Forwarded-For": stranger(sample_workspace.http_client).address,
    }
    page = browser.get(url, headers=headers, timeout=60)
    found = _CSRF.search(page.text)
    assert found, page.text
    form = {
        "login": sample_workspace.workspace.owner,
        "password": PASSWORD,
        "csrfmiddlewaretoken": found[1],
    }
    answer = browser.post(url, headers=headers, data=form, allow_redirects=False, timeout=60)
    assert answer.status_code == 302, answer.text
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)


def worthless_cookie() -> str:
    """Return a cookie of the form of a session that never was."""
    return f"{settings.SESSION_COOKIE_NAME}={secrets.token_hex(16)}"
