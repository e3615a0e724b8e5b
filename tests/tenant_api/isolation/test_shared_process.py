"""One process serves both, on the same threads and connections: nothing of it stays behind."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from public_apps.core.schema_context import inside
from tests.core.web_stack import HttpClient, WebStack, another_web
from tests.tenant_api.isolation.two_tenants import TwoTenants, stranger
from tests.tenant_api.operations import Operation
from tests.tenant_api.sample_workspace import SampleWorkspace

THREADS, TURNS = 16, 20


@pytest.fixture
def one_process(web_stack: WebStack, tmp_path: Path) -> Iterator[HttpClient]:
    """A web server of one process with few threads, so that each serves both again and again."""
    with another_web(web_stack, tmp_path, WEB_CONCURRENCY="1", WEB_THREADS="4") as http_client:
        yield http_client


def test_many_threads_that_alternate_read_only_their_own_rows(
    two_tenants: TwoTenants, one_process: HttpClient
) -> None:
    reads = [each for each in two_tenants.operations if each.method == "GET"]
    shown = {
        (sample_workspace.mark, each.name): _shown(
            one_process, requests.Session(), sample_workspace, each
        )
        for sample_workspace in (two_tenants.a, two_tenants.b)
        for each in reads
    }

    def alternate(number: int) -> list[str]:
        """Ask both by turns over one connection, with misses and refusals in between."""
        wrong = []
        with requests.Session() as connection:
            for turn in range(TURNS):
                sample_workspace = (two_tenants.a, two_tenants.b)[(number + turn) % 2]
                operation = reads[(number * TURNS + turn) % len(reads)]
                text = _shown(one_process, connection, sample_workspace, operation)
                if text != shown[sample_workspace.mark, operation.name]:
                    wrong.append(f"{operation.name}: {text}")
                if turn % 10 == 0:
                    _stumble(one_process, connection, sample_workspace)
        return wrong

    with two_tenants.untouched(), ThreadPoolExecutor(THREADS) as pool:
        wrong = [each for found in pool.map(alternate, range(THREADS)) for each in found]
    assert wrong == []


def _shown(
    http_client: HttpClient,
    connection: requests.Session,
    sample_workspace: SampleWorkspace,
    operation: Operation,
) -> str:
    headers = {"Host": sample_workspace.host, "Authorization": f"Bearer {sample_workspace.token}"}
    url = f"{http_client.url}{operation.path(sample_workspace.fixtures)}"
    answer = connection.get(url, headers=headers, timeout=60)
    # Links to an invoice come from Stripe, which may or may not run beside this stack.
    asks_stripe = {502} if operation.name == "invoice_links" else set()
    assert answer.status_code in {200, 404} | asks_stripe, answer.text
    return answer.text


def _stumble(
    http_client: HttpClient, connection: requests.Session, sample_workspace: SampleWorkspace
) -> None:
    """Be refused in several ways: an exception must leave the thread as clean as an answer."""
    own = {"Host": sample_workspace.host, "Authorization": f"Bearer {sample_workspace.token}"}
    for path, headers in (
        ("/api/buildings/?ordering=mills", own),
        (f"/api/work/{secrets.token_hex(16)}/", own),
        ("/api/me/", {**own, "Authorization": "Bearer x"}),
        ("/api/me/", {"Host": f"nowhere.{sample_workspace.host.partition('.')[2]}"}),
    ):
        connection.get(f"{http_client.url}{path}", headers=headers, timeout=60)


def test_what_threads_write_lands_with_whoever_wrote_it(
    neighbours: tuple[SampleWorkspace, SampleWorkspace], one_process: HttpClient
) -> None:
    """Person 1 of both changes their own name, over and over, at the same time."""

    def write(number: int) -> str:
        sample_workspace = neighbours[number % 2]
        said = {"last_name": sample_workspace.words(number)}
        headers = {"Authorization": f"Bearer {sample_workspace.token}"}
        answer = one_process.ask(
            "PATCH", "/api/me/", host=sample_workspace.host, headers=headers, json=said
        )
        return "" if answer.json()["last_name"] == said["last_name"] else answer.text

    assert all(sample_workspace.token for sample_workspace in neighbours)
    with ThreadPoolExecutor(THREADS) as pool:
        assert set(pool.map(write, range(THREADS * 4))) == {""}
    for sample_workspace in neighbours:
        assert (
            sample_workspace.ask("GET", "/api/me/")
            .json()["last_name"]
            .startswith(sample_workspace.mark)
        )


def test_a_person_counts_in_their_workspace_and_a_strangers_address_everywhere(
    neighbours: tuple[SampleWorkspace, SampleWorkspace],
) -> None:
    """Both owners are person 1, and sit behind one address. A stranger has no tries anew next door."""
    a, b = neighbours
    client = stranger(a.http_client)

    def owner_of(sample_workspace: SampleWorkspace) -> int:
        headers = {"Authorization": f"Bearer {sample_workspace.token}"}
        path = "/api/subscription/resume/"
        return client.ask("POST", path, host=sample_workspace.host, headers=headers).status_code

    def guest_of(sample_workspace: SampleWorkspace) -> int:
        said = {"key": f"1-{secrets.token_hex(32)}"}
        path = "/api/invitations/preview/"
        return client.ask("POST", path, host=sample_workspace.host, json=said).status_code

    for asked, most, stops_there in ((owner_of, 60, False), (guest_of, 30, True)):
        statuses = [asked(a) for _turn in range(most + 1)]
        assert statuses[-1] == 429
        assert 429 not in statuses[:most]
        assert (asked(b) == 429) == stops_there


@pytest.mark.parametrize("cache", ["default", "process"])
def test_what_one_caches_the_other_does_not_find(two_tenants: TwoTenants, cache: str) -> None:
    from django.core.cache import caches

    key = secrets.token_hex(8)
    with inside(two_tenants.b.schema):
        caches[cache].set(key, two_tenants.b.mark)
    with inside(two_tenants.a.schema):
        assert caches[cache].get(key) is None
    assert caches[cache].get(key) is None
    with inside(two_tenants.b.schema):
        assert caches[cache].get(key) == two_tenants.b.mark
