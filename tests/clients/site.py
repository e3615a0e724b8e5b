"""The Next.js site as its visitors see it, built and served, and the system behind it."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, expect

from devstack import environment, frontend, mailbox, ports, processes
from devstack.stack import Stack
from tests import templates
from tests.browsing import DESKTOP, open_page
from tests.clients import npm
from tests.customer import PASSWORD, Order, Shop, Workspace, until

CHUNKED = Path(__file__).with_name("chunked.mjs")
# As in production, but that Stripe is our stand-in, which takes test keys only.
PRODUCTION = {"DJANGO_DEBUG": "False", "STRIPE_MOCK_MODE": "False", "CHECKOUT_RATE": "6000/min"}
PATIENCE_MS = 30_000
Visit = Callable[..., Page]


def choose(page: Page, name: str, value: str) -> None:
    """Press one of several, as a reader does: again, if the page was not awake yet."""
    choice = f"[name={name}][value={value}]"

    def is_chosen() -> bool:
        page.locator(f"label:has({choice})").click()
        return page.locator(choice).is_checked()

    until(is_chosen)


_held: dict[int, socket.socket] = {}


def _held_port() -> int:
    """Return a port that nobody else gets until it is needed: the site is told of it long before."""
    port = ports.free()
    _held[port] = socket.create_server(("127.0.0.1", port))
    return port


@contextmanager
def serving(folder: Path) -> Iterator[Stack]:
    """Run the whole system with the site, production's settings, and bodies in chunks."""
    npm.tool("node"), npm.tool("npm")
    port, preview_port = ports.free(), _held_port()
    known = f"http://localhost:{port},http://localhost:{preview_port}"
    given = {
        **environment.for_a_system(os.environ),
        **PRODUCTION,
        "FRONTEND_PORT": str(port),
        "CORS_ALLOWED_ORIGINS": known,
    }
    stack = Stack(folder, environ=given, template=templates.selling(), with_frontend=True)
    with stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("NODE_OPTIONS", f"--import {CHUNKED.as_uri()}")
        stack.start()
        yield stack


@contextmanager
def previewing(site: Site) -> Iterator[str]:
    """Serve the same build once more, as the deployment of a branch; return its address."""
    stack = site.stack
    address = stack.env["CORS_ALLOWED_ORIGINS"].rpartition(",")[2]
    port = urlsplit(address).port or 0
    settings = frontend.settings(stack.env, web_port=stack.web_port)
    part = frontend.part(port=port, environ={**settings, "NEXT_PUBLIC_ENV": "preview"})
    _held.pop(port).close()
    running = processes.launch(
        replace(part, name="preview"), logs=stack.logs, watchdog=stack.watchdog
    )
    try:
        processes.wait_until_ready(running)
        yield address
    finally:
        processes.stop(running, watchdog=stack.watchdog)


class Site:
    """The site, and the customers' side of the system behind it."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.shop = Shop(stack)
        self.url = stack.frontend_url

    def path(self, workspace: Workspace, page: str = "") -> str:
        """Return the address of a page of a workspace."""
        host = urlsplit(workspace.url).hostname
        return f"{self.url}/w/{host}{page}"

    def link_to(self, address: str, page: str, *, number: int = 1) -> str:
        """Return the link to such a page in the mails to somebody, once so many with it are there."""
        pattern = re.compile(rf"https?://[^\s<>\"]+/{page}/[^\s<>\"]+")

        def found() -> str | None:
            texts = (mailbox.plain_text(mail) for mail in self.shop.mails_to(address))
            links = [match[0] for text in texts if (match := pattern.search(text))]
            return links[-1] if len(links) >= number else None

        link = until(found)
        assert link.startswith(f"{self.url}/w/"), f"the link leads elsewhere: {link}"
        return link

    def bought(self, order: Order | None = None) -> Workspace:
        """Let somebody buy a workspace and set their password, without the site."""
        workspace = self.shop.buy(order)
        workspace.set_password()
        return workspace

    def stripe(self, path: str, **params: object) -> dict[str, Any]:
        """Change something at Stripe by its API, as its Dashboard would."""
        answer = requests.post(
            f"{self.shop.mock}/v1/{path}", data=params, timeout=30,
            auth=(self.stack.env["STRIPE_SECRET_KEY"], ""),
        )  # fmt: skip
        assert answer.ok, answer.text
        changed: dict[str, Any] = answer.json()
        return changed

    def sign_in(self, page: Page, workspace: Workspace, *, email: str = "") -> None:
        """Sign in on the site and see the first page."""
        page.goto(self.path(workspace, "/sign-in"))
        give_credentials(page, email or workspace.order.email, PASSWORD)
        page.wait_for_url(self.path(workspace))


def give_credentials(page: Page, email: str, password: str) -> None:
    """Fill in the sign-in and send it."""
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(password)
    page.locator("[name=password]").press("Enter")


@contextmanager
def watched(browser: Browser, site: Site) -> Iterator[Visit]:
    """Give a function that opens pages of new visitors; what the browser complains of fails."""
    complaints: list[str] = []

    def visit(
        *, size: dict[str, int] = DESKTOP, language: str = "en-GB", **options: object
    ) -> Page:
        page = open_page(browser, size, locale=language, **options)
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda said: _note_console(complaints, site, said))
        if options.get("java_script_enabled", True):  # else every script fails to load, by design
            page.on("requestfailed", lambda request: _note_failure(complaints, request))
        page.on("response", lambda answer: _note_answer(complaints, site, answer))
        return page

    expect.set_options(timeout=PATIENCE_MS)
    try:
        yield visit
    finally:
        expect.set_options(timeout=None)
    if complaints:
        pytest.fail("\n".join(complaints))


def _note_console(complaints: list[str], site: Site, said: ConsoleMessage) -> None:
    ours = said.location.get("url", "").startswith(site.url)
    if said.type in {"error", "warning"} and ours:
        complaints.append(f"console: {said.text}")


def _note_failure(complaints: list[str], request: Request) -> None:
    # A page that is left takes its requests along.
    if request.failure and "ERR_ABORTED" not in request.failure:
        complaints.append(f"{request.method} {request.url}: {request.failure}")


def _note_answer(complaints: list[str], site: Site, answer: Response) -> None:
    if answer.status >= 400 and answer.url.startswith(site.url):
        complaints.append(f"{answer.request.method} {answer.url}: {answer.status}")
