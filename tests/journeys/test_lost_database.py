"""The drill: a dump, somebody buys, the database is lost and comes back from the dump.

As docs/operations.md has it, step by step, on a system and a PostgreSQL of its own.
"""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import requests

from devstack import mailbox
from devstack.stack import Stack
from tests.customer import LINK, PASSWORD, Order, Shop, Workspace, until

OURS = ("web", "worker")


def _tool(stack: Stack, name: str, *arguments: str) -> None:
    assert stack.postgres
    program = stack.postgres.binaries.folder / name
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr


def _dump(stack: Stack, to: Path) -> str:
    """Dump the whole database, and return when that was."""
    began = datetime.now(UTC)
    _tool(stack, "pg_dump", "--format=custom", f"--file={to}", stack.database_url)
    return began.isoformat()


def _lose(stack: Stack) -> None:
    assert stack.postgres
    for part in OURS:
        stack.stop_part(part)
    with psycopg.connect(stack.postgres.superuser_url, autocommit=True) as server:
        server.execute("DROP DATABASE concierge WITH (FORCE)")


def _restore(stack: Stack, dump: Path) -> None:
    assert stack.postgres
    with psycopg.connect(stack.postgres.superuser_url, autocommit=True) as server:
        server.execute("CREATE DATABASE concierge OWNER concierge")
    into = f"--dbname={stack.database_url}"
    _tool(stack, "pg_restore", "--no-owner", "--exit-on-error", into, str(dump))
    stack.release()
    for part in reversed(OURS):
        stack.start_part(part)


def _row(shop: Shop, order: Order) -> dict[str, Any]:
    with psycopg.connect(shop.stack.database_url) as connection:
        found = connection.execute(
            "SELECT id, schema_name, identity::text FROM tenants_tenant WHERE owner_email = %s",
            [order.email],
        ).fetchall()
    assert len(found) == 1, found
    return dict(zip(("id", "schema", "identity"), found[0], strict=True))


def _signs_in_by_newest_mail(workspace: Workspace, *, mails: int) -> None:
    address = workspace.order.email
    found = until(lambda: len(got := workspace.shop.mails_to(address)) == mails and got)
    links = {match[1] for each in found if (match := LINK.search(mailbox.plain_text(each)))}
    answers = [
        workspace.request(
            "POST",
            "/_allauth/app/v1/auth/password/reset",
            json={"key": key, "password": "another-courtyard-43"},
        ).status_code
        for key in links
    ]
    assert [each in {200, 401} for each in answers].count(True) == 1, (
        answers
    )  # the old link is dead
    token = workspace.token("another-courtyard-43")
    me = workspace.request("GET", "/api/me/", headers={"Authorization": f"Bearer {token}"}).json()
    assert (me["email"], me["role"]) == (address, "owner")
    assert me["organization"] == workspace.order.organization


def test_who_bought_after_the_dump_signs_in_after_the_restore(
    own_system: Stack, tmp_path: Path
) -> None:
    shop = Shop(own_system)
    settled = shop.buy(Order(organization="Old Court"))
    settled.set_password()
    dump = tmp_path / "concierge.dump"
    dumped_at = _dump(own_system, dump)
    paid = shop.buy(Order(organization="Lost Court", plan="enterprise"))
    paid.set_password()
    assert paid.token()
    lost = _row(shop, paid.order)

    _lose(own_system)
    _restore(own_system, dump)

    # Somebody buys before anybody has thought of a recovery: nothing of the lost customer's is theirs.
    newcomer = shop.buy(Order(organization="New Court"))
    theirs = _row(shop, newcomer.order)
    assert {name for name in lost if lost[name] == theirs[name]} == set()
    assert theirs["id"] > lost["id"]

    # Until then: the old ways say what to do.
    event_id = _event_of(shop, paid.session_id)
    again = shop.control(f"events/{event_id}/resend", {})
    assert again.status_code < 300, again.text
    ignored = until(lambda: (row := _inbox(shop).get(event_id)) and row["error"] and row)
    assert ignored["status"] == "ignored"
    assert "recover --since" in ignored["error"]
    fixed = own_system.manage("reconcile", "--fix")
    assert fixed.returncode == 1
    assert "recover --since" in fixed.stdout
    assert "recover --since" in own_system.manage("doctor").stdout

    done = own_system.manage("recover", "--since", dumped_at)
    assert done.returncode == 0, done.stdout + done.stderr
    assert paid.order.email in done.stdout
    assert "0 to decide, 0 failed" in done.stdout
    _signs_in_by_newest_mail(paid, mails=2)
    row = next(each for each in shop.tenants() if each["owner_email"] == paid.order.email)
    assert (row["plan"], row["subscription_status"], row["subdomain"]) == (
        "enterprise", "active", paid.order.subdomain,
    )  # fmt: skip
    assert lost["schema"] not in {each["schema"] for each in shop.tenants()}

    # Whoever was in the dump is as before, and nothing is done twice.
    assert settled.token(PASSWORD)
    again_run = own_system.manage("recover", "--since", dumped_at)
    assert again_run.returncode == 0, again_run.stdout
    assert "0 rebuilt" in again_run.stdout
    assert len(shop.mails_to(paid.order.email)) == 2
    assert own_system.manage("reconcile").returncode == 0
    assert "recover --since" not in own_system.manage("doctor").stdout


def _inbox(shop: Shop) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in shop.events()}


def _event_of(shop: Shop, session_id: str) -> str:
    auth = (shop.stack.env["STRIPE_SECRET_KEY"], "")
    url = f"{shop.mock}/v1/events?type=checkout.session.completed&limit=100"
    found = requests.get(url, auth=auth, timeout=10).json()["data"]
    return next(str(each["id"]) for each in found if each["data"]["object"]["id"] == session_id)
