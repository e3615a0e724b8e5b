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

from tests.core.ground import PASSWORD, Door, Ground
from tests.tenant_api.estate import Estate
from tests.tenant_api.operations import Operation, operations

_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
Told = tuple[int, str, str]


@dataclass
class Twins:
    """A is where somebody with B's things knocks. B has a second lot, with ids that A has not."""

    door: Door
    a: Estate
    b: Estate

    @classmethod
    def born(cls, door: Door) -> Twins:
        """Found and furnish two of them."""
        a, b = Estate(door), Estate(door)
        for estate in (a, b):
            estate.furnish()
            assert estate.api_key
        twins = cls(door, a, b)
        twins.b.furnish()
        return twins

    @cached_property
    def operations(self) -> list[Operation]:
        """Every operation of the document that A serves."""
        return operations(self.door, self.a.host)

    @cached_property
    def cookie(self) -> str:
        """The session cookie of B's owner, from a sign-in by page."""
        return page_session(self.b)

    @contextmanager
    def untouched(self, *estates: Estate) -> Iterator[None]:
        """Assert that no table of these (or of both) has changed at the end."""
        watched = {estate.schema: checksums(estate) for estate in estates or (self.a, self.b)}
        yield
        for estate in estates or (self.a, self.b):
            now = checksums(estate)
            changed = {name for name, sum_ in now.items() if watched[estate.schema][name] != sum_}
            assert changed == set(), f"{changed} of {'B' if estate is self.b else 'A'} changed"


@cache
def standing_neighbours(ground: Ground) -> tuple[Estate, Estate]:
    """Return two workspaces with nothing in them that tests share, and may write in."""
    return Estate(ground.door()), Estate(ground.door())


@cache
def standing_twins(ground: Ground) -> Twins:
    """Return the twins that tests share."""
    return Twins.born(ground.door())


def stranger(door: Door) -> Door:
    """Return a client whom nobody has seen before, at the same server: limits start anew."""
    return Door(int(door.url.rpartition(":")[2]))


def told(answer: requests.Response, *hidden: object) -> Told:
    """Return what an answer tells, with what the client itself said in it blotted out."""
    text = answer.text
    for each in hidden:
        text = text.replace(str(each), "·")
    return answer.status_code, answer.headers.get("Content-Type", ""), text


def checksums(estate: Estate) -> dict[str, str]:
    """Return a checksum of each table of a workspace, and of its rows in public."""
    tenant = estate.workspace.tenant.pk
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s",
            [estate.schema],
        )
        sets = {name: f'"{estate.schema}"."{name}"' for (name,) in cursor.fetchall()}
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


def page_session(estate: Estate) -> str:
    """Sign the owner in by the page; return the `Cookie` header of the browser."""
    browser, url = requests.Session(), f"{estate.door.url}/accounts/login/"
    headers = {"Host": estate.host, "X-Forwarded-For": stranger(estate.door).address}
    page = browser.get(url, headers=headers, timeout=60)
    found = _CSRF.search(page.text)
    assert found, page.text
    form = {"login": estate.workspace.owner, "password": PASSWORD, "csrfmiddlewaretoken": found[1]}
    answer = browser.post(url, headers=headers, data=form, allow_redirects=False, timeout=60)
    assert answer.status_code == 302, answer.text
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)


def worthless_cookie() -> str:
    """Return a cookie of the form of a session that never was."""
    return f"{settings.SESSION_COOKIE_NAME}={secrets.token_hex(16)}"
