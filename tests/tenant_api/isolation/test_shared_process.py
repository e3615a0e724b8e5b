"""One process serves both, on the same threads and connections: nothing of it stays behind."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from public_apps.core.schema_context import inside
from tests.core.ground import Door, Ground, another_web
from tests.tenant_api.estate import Estate
from tests.tenant_api.isolation.twins import Twins, stranger
from tests.tenant_api.operations import Operation

THREADS, TURNS = 16, 20


@pytest.fixture
def one_process(ground: Ground, tmp_path: Path) -> Iterator[Door]:
    """A web server of one process with few threads, so that each serves both again and again."""
    with another_web(ground, tmp_path, WEB_CONCURRENCY="1", WEB_THREADS="4") as door:
        yield door


def test_many_threads_that_alternate_read_only_their_own_rows(
    twins: Twins, one_process: Door
) -> None:
    reads = [each for each in twins.operations if each.method == "GET"]
    shown = {
        (estate.mark, each.name): _shown(one_process, requests.Session(), estate, each)
        for estate in (twins.a, twins.b)
        for each in reads
    }

    def alternate(number: int) -> list[str]:
        """Ask both by turns over one connection, with misses and refusals in between."""
        wrong = []
        with requests.Session() as connection:
            for turn in range(TURNS):
                estate = (twins.a, twins.b)[(number + turn) % 2]
                operation = reads[(number * TURNS + turn) % len(reads)]
                text = _shown(one_process, connection, estate, operation)
                if text != shown[estate.mark, operation.name]:
                    wrong.append(f"{operation.name}: {text}")
                if turn % 10 == 0:
                    _stumble(one_process, connection, estate)
        return wrong

    with twins.untouched(), ThreadPoolExecutor(THREADS) as pool:
        wrong = [each for found in pool.map(alternate, range(THREADS)) for each in found]
    assert wrong == []


def _shown(door: Door, connection: requests.Session, estate: Estate, operation: Operation) -> str:
    headers = {"Host": estate.host, "Authorization": f"Bearer {estate.token}"}
    url = f"{door.url}{operation.path(estate.lot)}"
    answer = connection.get(url, headers=headers, timeout=60)
    assert answer.status_code in {200, 404}, answer.text
    return answer.text


def _stumble(door: Door, connection: requests.Session, estate: Estate) -> None:
    """Be refused in several ways: an exception must leave the thread as clean as an answer."""
    own = {"Host": estate.host, "Authorization": f"Bearer {estate.token}"}
    for path, headers in (
        ("/api/buildings/?ordering=mills", own),
        (f"/api/work/{secrets.token_hex(16)}/", own),
        ("/api/me/", {**own, "Authorization": "Bearer x"}),
        ("/api/me/", {"Host": f"nowhere.{estate.host.partition('.')[2]}"}),
    ):
        connection.get(f"{door.url}{path}", headers=headers, timeout=60)


def test_what_threads_write_lands_with_whoever_wrote_it(
    neighbours: tuple[Estate, Estate], one_process: Door
) -> None:
    """Person 1 of both changes their own name, over and over, at the same time."""

    def write(number: int) -> str:
        estate = neighbours[number % 2]
        said = {"last_name": estate.words(number)}
        headers = {"Authorization": f"Bearer {estate.token}"}
        answer = one_process.ask("PATCH", "/api/me/", host=estate.host, headers=headers, json=said)
        return "" if answer.json()["last_name"] == said["last_name"] else answer.text

    assert all(estate.token for estate in neighbours)
    with ThreadPoolExecutor(THREADS) as pool:
        assert set(pool.map(write, range(THREADS * 4))) == {""}
    for estate in neighbours:
        assert estate.ask("GET", "/api/me/").json()["last_name"].startswith(estate.mark)


def test_who_asks_too_much_here_is_not_stopped_there(neighbours: tuple[Estate, Estate]) -> None:
    """Both owners are person 1, and sit behind one address: each workspace counts for itself."""
    a, b = neighbours
    client = stranger(a.door)

    def owner_of(estate: Estate) -> int:
        headers = {"Authorization": f"Bearer {estate.token}"}
        path = "/api/subscription/resume/"
        return client.ask("POST", path, host=estate.host, headers=headers).status_code

    def guest_of(estate: Estate) -> int:
        said = {"key": f"1-{secrets.token_hex(32)}"}
        path = "/api/invitations/preview/"
        return client.ask("POST", path, host=estate.host, json=said).status_code

    for asked, most in ((owner_of, 60), (guest_of, 30)):
        statuses = [asked(a) for _turn in range(most + 1)]
        assert statuses[-1] == 429
        assert 429 not in statuses[:most]
        assert asked(b) != 429


@pytest.mark.parametrize("cache", ["default", "process"])
def test_what_one_caches_the_other_does_not_find(twins: Twins, cache: str) -> None:
    from django.core.cache import caches

    key = secrets.token_hex(8)
    with inside(twins.b.schema):
        caches[cache].set(key, twins.b.mark)
    with inside(twins.a.schema):
        assert caches[cache].get(key) is None
    assert caches[cache].get(key) is None
    with inside(twins.b.schema):
        assert caches[cache].get(key) == twins.b.mark
