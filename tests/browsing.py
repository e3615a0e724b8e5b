"""A real Chromium for the tests, and its screenshots."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from devstack import chromium
from devstack.processes import ROOT
from tests.customer import an_address

SCREENSHOTS = Path(os.environ.get("CONCIERGE_STATE", ROOT / "var")) / "screenshots"
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 900}


@contextmanager
def chromium_running() -> Iterator[Browser]:
    """A Chromium; without one the test fails, for the pages would go unseen."""
    path = chromium.find()
    assert path, "no Chromium: set CHROMIUM, or install Debian's package"
    quiet = [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update",
    ]  # fmt: skip
    with sync_playwright() as playwright, _event_loop_of_playwright():
        browser = playwright.chromium.launch(executable_path=path, args=quiet)
        yield browser
        browser.close()


@contextmanager
def _event_loop_of_playwright() -> Iterator[None]:
    """Let other tests use the database while Playwright's event loop lives in this thread.

    Django would take their plain calls for asynchronous ones and refuse; the loop never runs them.
    """
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        yield
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def open_page(browser: Browser, size: dict[str, int], **options: object) -> Page:
    """Return a page of a fresh visitor; a script error on it fails the test."""
    given = {"extra_http_headers": an_address(), **options}
    page = browser.new_context(viewport=size, **given).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    return page


def keep_screenshot(page: Page, name: str) -> None:
    """Keep a screenshot, and see that nothing sticks out sideways."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
