"""The workspace's own sign: chosen by its owner, seen by whoever comes to the host."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from public_apps.core.schema_context import inside
from tenant_apps.files.models import StoredFile
from tests.core.web_stack import HttpClient, WebStack, create_workspace
from tests.tenant_api.populated_workspace import PopulatedWorkspace
from tests.tenant_apps.files import samples
from tests.tenant_apps.visiting import address, at_home

SETTINGS = "/settings/logo/"

pytestmark = pytest.mark.browser


@pytest.fixture
def own_populated(http_client: HttpClient) -> PopulatedWorkspace:
    """A workspace of its own."""
    return PopulatedWorkspace(http_client, create_workspace())


def picture(name: str, content: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def test_an_owner_shows_a_logo_of_their_own_and_takes_it_away(
    browser: Browser, own_populated: PopulatedWorkspace
) -> None:
    host = own_populated.workspace.host
    ours = own_populated.http_client.ask("GET", "/logo/", host=host)
    assert (ours.status_code, ours.headers["Location"]) == (303, "/static/nc/favicon.svg")

    page = at_home(browser, own_populated.owner)
    for name, content in (("first.png", samples.PNG), ("second.jpg", samples.JPEG)):
        page.goto(address(own_populated.owner, SETTINGS))
        page.set_input_files("input[type=file]", picture(name, content))  # type: ignore[arg-type]
        page.click("text=Save")
        expect(page.locator(".notices")).to_contain_text("Your logo is saved.")
        shown = own_populated.http_client.ask("GET", "/logo/", host=host)
        assert shown.content == content
    assert shown.headers["Content-Type"] == "image/jpeg"
    with inside(own_populated.schema):
        assert StoredFile.objects.count() == 1, "the first one is gone"

    page.click("text=Remove the logo")
    expect(page.locator(".notices")).to_contain_text("Our own sign is shown again.")
    assert own_populated.http_client.ask("GET", "/logo/", host=host).status_code == 303
    with inside(own_populated.schema):
        assert not StoredFile.objects.exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [(samples.PDF, "A logo is a PNG"), (samples.PNG + bytes(513 * 1024), "at most 512 KiB")],
    ids=["no picture", "too large"],
)
def test_what_is_no_logo_is_told_and_not_kept(
    browser: Browser, own_populated: PopulatedWorkspace, content: bytes, told: str
) -> None:
    page = at_home(browser, own_populated.owner)
    page.goto(address(own_populated.owner, SETTINGS))
    page.set_input_files("input[type=file]", picture("logo.png", content))  # type: ignore[arg-type]
    page.click("text=Save")
    expect(page.locator(".errorlist")).to_contain_text(told)
    with inside(own_populated.schema):
        assert not StoredFile.objects.exists()


def test_only_owners_choose_it(
    browser: Browser, populated: PopulatedWorkspace, web_stack: WebStack
) -> None:
    page = at_home(browser, populated.manager)
    answer = page.goto(address(populated.manager, SETTINGS))
    assert answer is not None
    assert answer.status == 403
