"""An owner takes everything along: asked in a browser, made by the worker, mailed, downloaded."""

from __future__ import annotations

import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect
from pytest_django import Settings

from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from public_apps.tenants import domains
from public_apps.tenants.archives import exports
from public_apps.tenants.archives.store_types import NotKept
from public_apps.tenants.archives.tasks import make_export, sweep_exports
from public_apps.tenants.models import Export
from tests.browsing import DESKTOP, PHONE, keep_screenshot, open_page
from tests.core.web_stack import PASSWORD, WebStack, create_workspace, person_of


@pytest.fixture(autouse=True)
def shared_store(web_stack: WebStack, settings: Settings) -> None:
    """The store that the web server uses, in this process too."""
    settings.ARCHIVE_STORE = web_stack.stack.env["ARCHIVE_STORE"]


def test_an_owner_asks_for_everything_and_downloads_it(
    web_stack: WebStack, browser: Browser, tmp_path: Path
) -> None:
    workspace = create_workspace()
    page = open_page(browser, DESKTOP)
    page.goto(domains.url_of(workspace.tenant, "/settings/export/"))
    page.fill("input[name=login]", workspace.owner)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main button[type=submit]").click()
    page.get_by_role("button", name="Make the archive").click()
    expect(page.locator("main")).to_contain_text("It is being made")
    export = Export.objects.get(tenant=workspace.tenant)
    make_export(str(export.pk))
    make_export(str(export.pk))  # once more, as a worker may

    page.get_by_role("link", name="Look again").click()
    keep_screenshot(page, "export")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the archive").click()
    download.value.save_as(tmp_path / "mine.zip")
    with zipfile.ZipFile(tmp_path / "mine.zip") as archive:
        assert archive.testzip() is None
        assert workspace.owner.encode() in archive.read("tables/accounts_user.csv")
    assert OutgoingMail.objects.filter(kind=exports.READY, to=workspace.owner).count() == 1
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    keep_screenshot(page, "export-phone")

    export.refresh_from_db()
    export.expires_at = timezone.now() - timedelta(seconds=1)
    export.save()
    sweep_exports(0)
    assert page.goto(domains.url_of(workspace.tenant, "/settings/export/archive/")).status == 404  # type: ignore[union-attr]
    assert exports.current(workspace.tenant) is None


def test_nobody_else_gets_it(web_stack: WebStack) -> None:
    mine, other = create_workspace(), create_workspace()
    export = Export.objects.create(tenant=mine.tenant, asked_by=mine.owner)
    make_export(str(export.pk))
    for host in (mine.host, other.host):
        answer = web_stack.http_client().ask("GET", "/settings/export/archive/", host=host)
        assert answer.status_code == 302
    with inside(other.tenant.schema_name), pytest.raises(NotKept):
        exports.fetch(tenant=other.tenant, by=person_of(other))


def test_what_an_earlier_release_put_into_an_export_is_handed_to_nobody() -> None:
    workspace = create_workspace()
    export = Export.objects.create(tenant=workspace.tenant, asked_by=workspace.owner)
    make_export(str(export.pk))
    assert exports.current(workspace.tenant) == export
    Export.objects.filter(pk=export.pk).update(stored_as=f"tenant-0/{export.pk}.export.zip")
    assert exports.current(workspace.tenant) is None
    sweep_exports(0)
    assert not Export.objects.filter(pk=export.pk).exists()
