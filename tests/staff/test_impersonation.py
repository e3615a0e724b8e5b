"""Support works in somebody's name: with a reason, for half an hour, seen, and within limits."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.db.models import F
from django.utils import timezone

from public_apps.accounts.models import Role, User
from public_apps.audit.models import Entry
from public_apps.core.schema_context import inside
from public_apps.tenants import suspension
from staff.models import Impersonation
from tests.core.web_stack import (
    PASSWORD,
    HttpClient,
    WebStack,
    Workspace,
    create_workspace,
    person_of,
)
from tests.staff.desk import Desk, member_of

PASS = re.compile(r'name="token" value="([^"]+)"')
REASON = "Ticket 77: no invoices to be seen"
SESSION = "session"


class Visit:
    """Support's browser at a tenant's host."""

    def __init__(self, http_client: HttpClient, workspace: Workspace) -> None:
        self.http_client, self.workspace = http_client, workspace
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Send a request with the cookies that were given here before."""
        answer = self.http_client.ask(
            method, path, host=self.workspace.host, cookies=self.cookies, **kwargs
        )
        self.cookies |= answer.cookies.get_dict()
        return answer

    def submit(self, path: str, page: str = "/", **answers: str) -> requests.Response:
        """Send a form that a page holds."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.ask("GET", page).text)
        assert token
        return self.ask("POST", path, data={"csrfmiddlewaretoken": token[1], **answers})


@pytest.fixture
def anna(http_client: HttpClient) -> tuple[Desk, User]:
    """A colleague in support."""
    return member_of(http_client, "support")


@pytest.fixture
def court(web_stack: WebStack) -> Workspace:
    """A workspace with its owner."""
    return create_workspace()


def pass_for(desk: Desk, workspace: Workspace, email: str = "") -> str:
    """Ask for a pass by the form and return its token."""
    answer = desk.submit(
        f"tenants/tenant/{workspace.tenant.pk}/impersonate/",
        person_email=email or workspace.owner,
        reason=REASON,
    )
    found = PASS.search(answer.text)
    assert found, answer.text
    return found[1]


def entered(http_client: HttpClient, desk: Desk, workspace: Workspace) -> Visit:
    visit = Visit(http_client, workspace)
    answer = visit.ask("POST", "/support/enter/", data={"token": pass_for(desk, workspace)})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    return visit


def logged(workspace: Workspace) -> list[tuple[str, str, str]]:
    """Return actor, impersonator and action of the tenant's own log."""
    with inside(workspace.tenant.schema_name):
        rows = Entry.objects.order_by("pk").values_list("actor", "impersonator", "action")
        return list(rows)


def test_a_banner_says_who_works_as_whom_and_both_logs_tell(
    http_client: HttpClient, anna: tuple[Desk, User], court: Workspace
) -> None:
    desk, staff = anna
    visit = entered(http_client, desk, court)
    home = visit.ask("GET", "/").text
    assert "Support session:" in home
    for word in (staff.email, court.owner, REASON):
        assert word in home
    left = visit.submit("/support/leave/")
    assert "Support has left" in left.text
    assert visit.ask("GET", "/").status_code == 302, "and nobody is signed in any more"

    ours = Entry.objects.filter(target_id=str(court.tenant.pk), actor=staff.email).order_by("pk")
    actions = ["impersonation.asked", "impersonation.begun", "impersonation.ended"]
    assert list(ours.values_list("action", flat=True)) == actions
    assert logged(court) == [(staff.email, "", action) for action in actions[1:]]


def test_a_pass_opens_once_at_its_own_tenant_within_a_minute(
    http_client: HttpClient, anna: tuple[Desk, User], court: Workspace, web_stack: WebStack
) -> None:
    desk, _staff = anna
    token = pass_for(desk, court)
    held = Impersonation.objects.get(tenant=court.tenant)
    assert held.token_expires_at - held.created_at == timedelta(seconds=60)
    assert held.ends_at - held.created_at == timedelta(minutes=30)
    assert token not in str(Impersonation.objects.filter(pk=held.pk).values())

    def enter(workspace: Workspace, token: str) -> int:
        visit = Visit(http_client, workspace)
        return visit.ask("POST", "/support/enter/", data={"token": token}).status_code

    assert enter(web_stack.birch, token) == 410
    assert enter(court, "made-up") == 410
    assert http_client.ask("GET", "/support/enter/", host=court.host).status_code == 405
    assert enter(court, token) == 302
    assert enter(court, token) == 410

    late = pass_for(desk, court)
    Impersonation.objects.filter(redeemed_at=None).update(token_expires_at=timezone.now())
    assert enter(court, late) == 410


def test_half_an_hour_later_the_session_is_over(
    http_client: HttpClient, anna: tuple[Desk, User], court: Workspace
) -> None:
    visit = entered(http_client, anna[0], court)
    assert visit.ask("GET", "/").status_code == 200
    half_an_hour = timedelta(minutes=30)
    Impersonation.objects.filter(tenant=court.tenant).update(
        created_at=F("created_at") - half_an_hour, ends_at=F("ends_at") - half_an_hour
    )
    over = visit.ask("GET", "/")
    assert (over.status_code, "Support has left" in over.text) == (401, True)


@pytest.mark.parametrize("how", ["ended in the admin", "let go"])
def test_the_session_is_over_at_once_when_staff_end_it_or_the_colleague_is_let_go(
    http_client: HttpClient,
    web_stack: WebStack,
    anna: tuple[Desk, User],
    court: Workspace,
    how: str,
) -> None:
    desk, staff = anna
    visit = entered(http_client, desk, court)
    if how == "let go":
        User.objects.filter(pk=staff.pk).update(is_active=False)
    else:
        operator, _person = member_of(web_stack.http_client(), "operator")
        held = Impersonation.objects.get(tenant=court.tenant)
        assert operator.submit(f"staff/impersonation/{held.pk}/end/").status_code == 302
    assert visit.ask("GET", "/").status_code == 401


def test_signing_out_ends_it_as_well(
    http_client: HttpClient, anna: tuple[Desk, User], court: Workspace
) -> None:
    visit = entered(http_client, anna[0], court)
    assert visit.submit("/accounts/logout/").status_code == 302
    assert Impersonation.objects.get(tenant=court.tenant).ended_at is not None


FORBIDDEN = (
    ("GET", "/accounts/password/reset/"),
    ("POST", "/accounts/password/reset/"),
    ("GET", "/_allauth/app/v1/account/authenticators/recovery-codes"),
    ("GET", "/_allauth/app/v1/auth/sessions"),
    ("POST", "/_allauth/app/v1/account/password/change"),
    ("GET", "/settings/export/archive/"),
    ("GET", "/api/exports/"),
    ("POST", "/api/exports/"),
    ("POST", "/billing/cancel/"),
    ("POST", "/billing/portal/"),
    ("POST", "/api/subscription/cancel/"),
    ("POST", "/api/subscription/change-plan/"),
    ("PATCH", "/api/me/"),
    ("POST", "/api/invitations/"),
    ("PATCH", "/api/members/1/"),
    ("POST", "/api/members/1/transfer-ownership/"),
    ("POST", "/api/votes/"),
    ("DELETE", "/api/anything/new/"),
)


def test_passwords_people_and_money_are_out_of_reach_by_cookie_and_by_token(
    http_client: HttpClient, anna: tuple[Desk, User], court: Workspace
) -> None:
    visit = entered(http_client, anna[0], court)
    before = person_of(court).password
    key = next(value for name, value in visit.cookies.items() if name.endswith(SESSION))
    for method, path in FORBIDDEN:
        assert visit.ask(method, path).status_code == 403, f"cookie: {method} {path}"
        if path.startswith(("/api/", "/_allauth/")) and "anything" not in path:
            answer = http_client.ask(
                method, path, host=court.host, headers={"X-Session-Token": key}, json={}
            )
            assert answer.status_code == 403, f"token: {method} {path} {answer.text}"
    assert person_of(court).password == before
    assert visit.ask("GET", "/billing/").status_code == 200, "looking is what support is for"


def test_the_api_shows_support_what_the_person_sees_and_forgets_who_looked(
    http_client: HttpClient, anna: tuple[Desk, User], court: Workspace
) -> None:
    visit = entered(http_client, anna[0], court)
    key = next(value for name, value in visit.cookies.items() if name.endswith(SESSION))
    me = http_client.ask("GET", "/api/me/", host=court.host, headers={"X-Session-Token": key})
    assert me.json()["email"] == court.owner
    log = http_client.ask("GET", "/api/audit/", host=court.host, headers={"X-Session-Token": key})
    assert log.status_code == 200
    visit.submit("/support/leave/")
    after = http_client.ask("GET", "/api/me/", host=court.host, headers={"X-Session-Token": key})
    assert after.status_code == 401


def test_a_suspended_workspace_still_opens_for_support(
    http_client: HttpClient, anna: tuple[Desk, User], court: Workspace
) -> None:
    suspension.hold(tenant=court.tenant, reason="unpaid", by="the test")
    visit = entered(http_client, anna[0], court)
    assert visit.ask("GET", "/").status_code == 200
    key = next(value for name, value in visit.cookies.items() if name.endswith(SESSION))
    by_token = {"X-Session-Token": key}
    seen = http_client.ask("GET", "/api/audit/", host=court.host, headers=by_token)
    assert seen.status_code == 200
    assert http_client.ask("GET", "/api/audit/", host=court.host).status_code == 402


def test_the_welcome_link_and_the_last_sign_in_stay_as_they_were(
    http_client: HttpClient, anna: tuple[Desk, User], web_stack: WebStack
) -> None:
    fresh = create_workspace(password=None)
    from public_apps.accounts import password_links

    with inside(fresh.tenant.schema_name):
        key = password_links.new_key(User.objects.get(email=fresh.owner))
    entered(http_client, anna[0], fresh)
    assert person_of(fresh).last_login is None
    assert (
        http_client.ask("GET", f"/accounts/set-password/{key}/", host=fresh.host).status_code == 200
    )


def test_owners_read_it_and_managers_do_not(
    http_client: HttpClient, anna: tuple[Desk, User], court: Workspace
) -> None:
    entered(http_client, anna[0], court)
    token = http_client.token(court)
    page = http_client.ask(
        "GET", "/api/audit/?action=impersonation.begun", host=court.host,
        headers={"Authorization": f"Bearer {token}"},
    ).json()  # fmt: skip
    begun = page["results"][0]
    assert begun["actor"] == anna[1].email
    assert begun["detail"]["reason"] == REASON

    with inside(court.tenant.schema_name):
        address = f"manager-{secrets.token_hex(4)}@court.example"
        User.objects.create_user(address, password=PASSWORD, role=Role.MANAGER)
    managers = http_client.token(Workspace(tenant=court.tenant, host=court.host, owner=address))
    refused = http_client.ask(
        "GET", "/api/audit/", host=court.host, headers={"Authorization": f"Bearer {managers}"}
    )
    assert refused.status_code == 403


def test_a_change_in_somebodys_name_names_who_made_it(
    http_client: HttpClient, anna: tuple[Desk, User], court: Workspace
) -> None:
    visit = entered(http_client, anna[0], court)
    changed = visit.submit("/i18n/setlang/", language="el")
    assert changed.status_code in {204, 302}
    assert logged(court)[-1] == (court.owner, anna[1].email, "impersonation.request")


def test_nobody_is_impersonated_without_a_reason_or_who_is_not_there(
    anna: tuple[Desk, User], court: Workspace
) -> None:
    desk, _staff = anna
    path = f"tenants/tenant/{court.tenant.pk}/impersonate/"
    assert desk.submit(path, person_email=court.owner, reason="").status_code == 200
    stranger = desk.submit(path, person_email="nobody@else.example", reason=REASON)
    assert "Nobody of this workspace" in stranger.text
    assert not Impersonation.objects.filter(tenant=court.tenant).exists()


def test_the_pass_may_be_posted_to_the_tenants_host_alone(
    anna: tuple[Desk, User], court: Workspace
) -> None:
    answer = anna[0].submit(
        f"tenants/tenant/{court.tenant.pk}/impersonate/",
        person_email=court.owner,
        reason=REASON,
    )
    rules = answer.headers["Content-Security-Policy"].split(";")
    form_action = next(rule for rule in rules if rule.strip().startswith("form-action"))
    assert f"http://{court.host}" in form_action
    assert "no-store" in answer.headers["Cache-Control"]
