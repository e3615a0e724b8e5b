"""A workspace's data is its owner's: she takes it along, moves to a domain of her own, and leaves.

By browser, at the real system: its worker makes the archive and erases, its mock Stripe ends the
subscription. Pages say what they may load just as in production; a page that breaks that fails here.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from billing.models import Invoice, StripeEvent
from devstack import environment, mailbox
from devstack.stack import Stack
from public_apps.core import jobs
from public_apps.tenants import domains
from public_apps.tenants.models import Departure, Tenant
from public_apps.tenants.offboarding import orphans
from public_apps.tenants.routing import STILL_IN_USE
from tests.browsing import DESKTOP, PHONE, keep_screenshot, open_page
from tests.core.web_stack import Workspace as Built
from tests.customer import PASSWORD, Shop, Workspace, until
from tests.domains.moving import new_host
from tests.domains.name_server import NameServer
from tests.lifecycle.leaving import later, public_rows_with, swept


@contextmanager
def web_that_asks(zone: NameServer, shop: Shop, folder: Path) -> Iterator[str]:
    """One more web server of the running system, which asks the test's DNS; yield its address."""
    ports = {*environment.PORT_NAMES.values()}
    given = {name: value for name, value in shop.stack.env.items() if name not in ports}
    stack = Stack(folder, environ={**given, "DNS_RESOLVERS": zone.address})
    try:
        stack.start_part("web")
        yield f"http://127.0.0.1:{stack.web_port}"
    finally:
        stack.discard()


@pytest.fixture
def page(browser: Browser, shop: Shop, tmp_path: Path, zone: NameServer) -> Iterator[Page]:
    """A browser whose every name leads to that web server; what it complains of fails the test."""
    with web_that_asks(zone, shop, tmp_path / "web") as address:
        page = open_page(browser, DESKTOP, proxy={"server": address, "bypass": "<-loopback>"})
        complaints: list[str] = []
        page.on("console", lambda said: complaints.extend(_complaint(said)))
        yield page
        page.context.close()
        assert complaints == []


def _complaint(said: ConsoleMessage) -> list[str]:
    """Return what the browser complains of; of plain http it always does, which production has not."""
    is_ours = said.type == "error" and "Cross-Origin-Opener-Policy" not in said.text
    return [said.text] if is_ours else []


@pytest.fixture
def zone() -> Iterator[NameServer]:
    """DNS, as that web server sees it."""
    with NameServer().serving() as server:
        yield server


def sign_in(page: Page, workspace: Workspace) -> None:
    """Sign the owner in by the form that is there."""
    page.fill("input[name=login]", workspace.order.email)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main button[type=submit]").click()


def mails_to(workspace: Workspace) -> list[str]:
    """Return what has arrived for the owner."""
    return list(map(mailbox.plain_text, workspace.shop.mails_to(workspace.order.email)))


def takes_everything_along(page: Page, workspace: Workspace, to: Path) -> None:
    """Have the worker make the archive, and download it."""
    page.goto(f"{workspace.url}settings/export/")
    sign_in(page, workspace)
    page.get_by_role("button", name="Make the archive").click()
    expect(page.locator("main")).to_contain_text("It is being made")
    ready = page.get_by_role("link", name="Download the archive")
    until(lambda: page.reload() and ready.count() == 1, within=120)
    with page.expect_download() as download:
        ready.click()
    download.value.save_as(to)
    with zipfile.ZipFile(to) as archive:
        assert archive.testzip() is None
        people = io.StringIO(archive.read("tables/accounts_user.csv").decode())
    assert [row["email"] for row in csv.DictReader(people)] == [workspace.order.email]
    until(lambda: any("/settings/export/" in text for text in mails_to(workspace)))


def moves(page: Page, workspace: Workspace, zone: NameServer) -> str:
    """Add a domain, set its records, verify it, put it first, and be led there; return its host."""
    host = new_host()
    page.goto(f"{workspace.url}settings/domains/")
    page.fill("input[name=host]", host)
    page.get_by_role("button", name="Add the domain").click()
    expect(page.get_by_role("button", name="Verify now")).to_be_visible()
    shown = page.locator("dl.pairs dd").all_inner_texts()
    for kind, name, value in zip(*[iter(shown)] * 3, strict=True):
        zone.set(name, kind, value)
    page.get_by_role("button", name="Verify now").click()
    expect(page.locator(".notice")).to_contain_text("verified")
    page.get_by_role("button", name="Make it the first address").click()
    until(lambda: page.goto(f"{workspace.url}settings/delete/") and host in page.url)
    sign_in(page, workspace)
    expect(page).to_have_url(domains.url_at(host, "/settings/delete/"))
    return host


def leaves(page: Page, workspace: Workspace) -> None:
    """Delete the workspace, by its name and the password."""
    page.fill("input[name=name]", workspace.order.organization)
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Delete the workspace").click()
    expect(page.locator("h1")).to_have_text("This workspace will be deleted")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    keep_screenshot(page, "workspace-leaves-phone")


def left(workspace: Workspace) -> list[object]:
    """Return where the owner's address still stands, and in which events."""
    address = workspace.order.email
    told = StripeEvent.objects.filter(payload__icontains=address)
    return [*public_rows_with(address), *told.values_list("type", "status", "tenant")]


@pytest.mark.browser
def test_an_owner_takes_everything_along_moves_and_leaves(
    page: Page, shop: Shop, zone: NameServer, tmp_path: Path
) -> None:
    eleni = shop.buy()
    eleni.set_password()
    tenant = Tenant.objects.get(owner_email=eleni.order.email)
    takes_everything_along(page, eleni, tmp_path / "mine.zip")
    host = moves(page, eleni, zone)
    leaves(page, eleni)

    # Nobody pays while it can still be undone; a week later nothing about her is left.
    departure = until(
        lambda: Departure.objects.filter(tenant=tenant, unpaid_at__isnull=False).first()
    )
    assert departure.erased_at is None
    built = Built(tenant=tenant, host=host, owner=eleni.order.email)
    later(built, days=8)
    swept(tenant, lambda departure: departure.closed_at)
    later(built, seconds=STILL_IN_USE.total_seconds())
    gone = swept(tenant, lambda departure: departure.erased_at)
    assert gone.proof["people"] == 1
    assert not orphans.is_there(tenant.schema_name)
    # Stripe's events about the end may still have been under way.
    until(lambda: not StripeEvent.objects.filter(tenant=tenant, status="received").exists())
    jobs.defer_once("offboarding.erase_late", lock="a test's erasing", timestamp=0)
    until(lambda: public_rows_with(eleni.order.email) == [], otherwise=lambda: str(left(eleni)))
    assert Invoice.objects.filter(tenant=tenant).exists(), "as the law wants"
    until(lambda: eleni.request("GET", "/").status_code == 404)
