"""What strangers try at the Next.js site: other hosts, other places, dead sessions, too many tries."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import expect

from devstack.visitor import Visitor
from tests.clients.site import Site, Visit, give_credentials
from tests.customer import PASSWORD

# Whoever comes first may have to build the site.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]


def test_the_session_is_out_of_reach_of_scripts_and_of_other_workspaces(
    site: Site, visit: Visit
) -> None:
    workspace, page = site.bought(), visit()
    site.sign_in(page, workspace)
    cookies = [each for each in page.context.cookies() if each["name"].startswith("session.")]
    assert len(cookies) == 1
    assert (cookies[0]["httpOnly"], cookies[0]["sameSite"]) == (True, "Lax")
    assert f"{site.url}{cookies[0]['path']}" == site.path(workspace)
    assert "session" not in page.evaluate("document.cookie")
    token = cookies[0]["value"]
    assert token not in page.content()
    page.goto(site.path(site.bought()))
    page.wait_for_url("**/sign-in?next=*")


def test_a_session_that_was_ended_elsewhere_leads_to_the_sign_in_and_back(
    site: Site, visit: Visit
) -> None:
    workspace, page = site.bought(), visit()
    site.sign_in(page, workspace)
    token = next(e["value"] for e in page.context.cookies() if e["name"].startswith("session."))
    headers = {"X-Session-Token": token}
    workspace.request("DELETE", "/_allauth/app/v1/auth/session", headers=headers)
    page.goto(site.path(workspace, "/requests"))
    page.wait_for_url("**/sign-in?next=*")
    assert not [e for e in page.context.cookies() if e["name"].startswith("session.")]
    give_credentials(page, workspace.order.email, PASSWORD)
    page.wait_for_url(site.path(workspace, "/requests"))


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/w/other.localhost/",
        "/w/{host}//x",
    ],
)
def test_nobody_is_led_away_after_the_sign_in(site: Site, visit: Visit, wanted: str) -> None:
    workspace, page = site.bought(), visit()
    host = site.path(workspace).rpartition("/")[2]
    page.goto(f"{site.path(workspace, '/sign-in')}?next={wanted.format(host=host)}")
    give_credentials(page, workspace.order.email, PASSWORD)
    page.wait_for_url(site.path(workspace))


@pytest.mark.parametrize(
    "host", ["localhost", "acme.localhost%2F..", "a_b.example", "-a.example", "%00"]
)
def test_what_is_no_host_is_not_found(site: Site, host: str) -> None:
    answer = requests.get(f"{site.url}/w/{host}/sign-in", timeout=60)
    assert answer.status_code in {400, 404}


def test_a_workspace_has_one_address(site: Site) -> None:
    workspace = site.bought()
    path = site.path(workspace, "/sign-in")
    port = workspace.host.rpartition(":")[2]
    for other in (
        path.replace(".localhost/", f".localhost:{port}/"),
        path.replace(".localhost/", ".LOCALHOST/"),
    ):
        answer = requests.get(other, timeout=60, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"].removeprefix(site.url)) == (
            307,
            path.removeprefix(site.url),
        )


def test_pages_run_what_is_ours_alone_and_stay_out_of_frames(site: Site) -> None:
    answer = requests.get(site.url, timeout=60)
    policy = answer.headers["Content-Security-Policy"]
    nonce = re.search(r"script-src 'self' 'nonce-([^']+)' 'strict-dynamic'", policy)
    assert nonce
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    scripts = re.findall("<script[^>]*>", answer.text)
    assert scripts
    assert all(f'nonce="{nonce[1]}"' in script for script in scripts)
    assert requests.get(site.url, timeout=60).headers["Content-Security-Policy"] != policy
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "noindex" in answer.text, "only the production site may be found"


def test_strangers_tries_leave_the_owner_in(site: Site, visit: Visit) -> None:
    """The site says whose tries they are, so that they are not all its own."""
    workspace = site.bought()
    path = site.path(workspace, "/sign-in")
    said = [_try(path, number, "203.0.113.7") for number in range(20)]
    assert "not correct" in said[0]
    assert "not correct" not in said[-1], "a throttle does not look like a wrong password"
    assert "not correct" in _try(path, 20, "203.0.113.8")
    page = visit()
    site.sign_in(page, workspace)
    expect(page.get_by_role("heading", level=1)).to_contain_text(workspace.order.first_name)


def _try(path: str, number: int, address: str) -> str:
    """Try a password from that address, and return the page that says what came of it."""
    stranger, headers = Visitor(), {"X-Forwarded-For": address}
    values = {"email": f"{number}@stranger.example", "password": "not-the-word-1"}
    form = stranger.get(path, headers=headers)
    return stranger.submit(form, having="password", values=values, headers=headers).text
