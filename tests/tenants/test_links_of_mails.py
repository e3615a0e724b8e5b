"""Where every link leads that leaves us: to our own pages, or to the frontend's routes for the same."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from allauth.core.context import request_context
from django.conf import settings
from django.test import RequestFactory, override_settings

from devstack import mailbox
from public_apps.core import mail
from public_apps.core.schema_context import inside
from public_apps.tenants import headless, links
from tests.core.web_stack import WebStack, create_workspace
from tests.tenant_api.populated_workspace import PopulatedWorkspace
from tests.tenants.every_mail import MAKERS, Told

FRONTEND = "https://www.newconcierge.example"
URL = re.compile(r"https?://[^\s\"'<>]+")
# What each mail's links are for: below /w/<host> of the frontend, and on the workspace's own host.
HOME = ("", "/")
SET_PASSWORD = (r"/set-password/[\w-]+", r"/accounts/set-password/[\w-]+/")
SUBSCRIPTION = ("/subscription", "/billing/")
PAY = (None, r"/billing/pay/[\w:-]+/")
REQUEST = (r"/requests/\d+", r"/requests/\d+/")
LEADS: dict[str, list[tuple[str | None, str]]] = {
    "welcome": [HOME, SET_PASSWORD],
    "password_reset": [SET_PASSWORD],
    "security_notice": [(None, "/accounts/password/reset/")],
    "email_change": [(r"/confirm-email/\w+", r"/accounts/confirm-email/\w+/")],
    "invitation": [(r"/invitation/[\w-]+", r"/accounts/invitation/[\w-]+/")],
    "request_opened": [REQUEST],
    "request_moved": [REQUEST],
    "request_assigned": [REQUEST],
    "request_commented": [REQUEST],
    "trial_ending": [SUBSCRIPTION],
    "cancelled": [SUBSCRIPTION],
    "change_lapsed": [SUBSCRIPTION],
    "change_planned": [SUBSCRIPTION],
    "plan_changed": [SUBSCRIPTION],
    "payment_failed": [PAY],
    "payment_overdue": [PAY],
    "action_required": [PAY],
    "suspended": [SUBSCRIPTION],
    "back_again": [HOME],
    "retention_notice": [SUBSCRIPTION],
    "erasure_asked": [(None, "/settings/delete/")],
    "export_ready": [(None, "/settings/export/")],
    "domain_failing": [(None, "/settings/domains/")],
}
# These go to our own staff, about no workspace's page.
OF_STAFF = {"staff_invitation", "staff_notice", "dispute", "incident", "incident_over"}


@pytest.fixture
def told(web_stack: WebStack) -> Told:
    """A workspace that nobody else knows of."""
    return Told(PopulatedWorkspace(web_stack.http_client(), create_workspace()))


def links_in(told: Told, web_stack: WebStack, kind: str) -> set[str]:
    """Send a mail of a kind as the worker does, and return its links: text and HTML have the same."""
    due = told.due(kind)
    mail.send(mail_id=due.pk)
    due.refresh_from_db()
    assert due.sent_at, due.error
    letter = mailbox.mails_to(due.to, folder=web_stack.stack.mail_dir)[-1]
    html = letter.get_body(("html",))
    assert html is not None
    in_text = set(URL.findall(mailbox.plain_text(letter)))
    assert in_text == set(URL.findall(html.get_content()))
    return in_text


def matches(found: set[str], wanted: list[str]) -> bool:
    """Whether each link is wanted, and each that is wanted there."""
    each = [[re.fullmatch(pattern, link) for link in found] for pattern in wanted]
    return len(found) == len(wanted) and all(map(any, each))


def test_every_mail_that_there_is_has_its_place_here(web_stack: WebStack) -> None:
    assert set(mail.kinds()) == set(LEADS) | OF_STAFF
    assert set(LEADS) == set(MAKERS)


@pytest.mark.parametrize("kind", LEADS)
def test_links_lead_to_our_own_pages(told: Told, web_stack: WebStack, kind: str) -> None:
    site = urlsplit(settings.SITE_URL)
    own = f"{site.scheme}://{re.escape(told.workspace.host)}:{site.port}"
    found = links_in(told, web_stack, kind)
    assert matches(found, [f"{own}{page}" for _route, page in LEADS[kind]]), found


@pytest.mark.parametrize("kind", LEADS)
def test_links_lead_to_the_frontend_where_a_setting_says_so(
    told: Told, web_stack: WebStack, kind: str
) -> None:
    site = urlsplit(settings.SITE_URL)
    host = re.escape(told.workspace.host)
    own, front = f"{site.scheme}://{host}:{site.port}", f"{re.escape(FRONTEND)}/w/{host}"
    with override_settings(FRONTEND_LINKS=True, FRONTEND_URL=FRONTEND):
        found = links_in(told, web_stack, kind)
    wanted = [own + page if route is None else front + route for route, page in LEADS[kind]]
    assert matches(found, wanted), found


def test_allauth_names_the_same_addresses(told: Told) -> None:
    request = RequestFactory().get("/")
    request.tenant = told.workspace.tenant  # type: ignore[attr-defined]  # as the middleware does
    with request_context(request), inside(told.populated.schema):  # where the middleware serves it
        adapter = headless.HeadlessAdapter()
        with override_settings(FRONTEND_LINKS=True, FRONTEND_URL=FRONTEND):
            led = adapter.get_frontend_url("account_reset_password_from_key", key="k-1")
        own = adapter.get_frontend_url("account_reset_password_from_key", key="k-1")
    assert led == f"{FRONTEND}/w/{told.workspace.host}/set-password/k-1"
    assert own is not None
    assert urlsplit(own).path == "/accounts/set-password/k-1/"


def test_a_site_below_a_path_keeps_it(told: Told) -> None:
    tenant, below = told.workspace.tenant, f"{FRONTEND}/app"
    with override_settings(FRONTEND_LINKS=True, FRONTEND_URL=below):
        assert links.to(tenant, "home") == f"{below}/w/{told.workspace.host}"
        assert links.to(tenant, "home", frontend=FRONTEND) == f"{below}/w/{told.workspace.host}"
        assert links.back_to_signup("s", frontend=FRONTEND) == f"{below}/?signup=s"
