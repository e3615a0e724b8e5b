"""Staff prove a second factor: enrolled at the first sign-in, asked for at each one after."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator

from public_apps.accounts.models import User
from public_apps.audit.models import Entry
from tests.core.web_stack import HttpClient, WebStack, another_web
from tests.staff.desk import Desk, code_of, colleague, signed_in, staff_member

SECRET = re.compile(r'data-secret="([A-Z2-7]+)"')
CODE = re.compile(r"<li>(\d{8})</li>")
PAGE = "second-factor/"


def enrolled(desk: Desk) -> tuple[str, list[str]]:
    """Enrol an app; return its secret and the recovery codes."""
    page = desk.get(PAGE)
    found = SECRET.search(page.text)
    assert found, page.text
    answer = desk.submit_form(page, PAGE, code=code_of(found[1]))
    assert answer.headers.get("Location") == "/admin/second-factor/codes/", answer.text
    codes = CODE.findall(desk.get("second-factor/codes/").text)
    return found[1], codes


def actions_of(person: User) -> list[str]:
    return list(
        Entry.objects.filter(actor=person.email).order_by("pk").values_list("action", flat=True)
    )


def test_where_it_is_required_nobody_gets_further_by_a_password_alone(
    web_stack: WebStack, tmp_path: Path
) -> None:
    anna = colleague(is_superuser=True)
    with another_web(web_stack, tmp_path, STAFF_MFA_REQUIRED="True") as http_client:
        desk = Desk(http_client)
        led_to = desk.sign_in(anna.email).headers["Location"]
        assert led_to.startswith("/admin/second-factor/")
        for path in ("", "tenants/tenant/", "password_change/", "second-factor/codes/"):
            assert desk.get(path).status_code == 302, path
        wrong = desk.submit(PAGE, code="000000")
        assert (wrong.status_code, desk.get("").status_code) == (200, 302)
        assert actions_of(anna) == []

        secret, codes = enrolled(desk)
        assert len(codes) == 10
        assert desk.get("").status_code == 200
        assert CODE.search(desk.get("second-factor/codes/").text) is None
        stored = Authenticator.objects.get(user=anna, type="totp").data["secret"]
        assert secret not in stored
        assert actions_of(anna) == ["staff.second_factor_enrolled", "staff.signed_in"]


@pytest.fixture
def maria(http_client: HttpClient) -> tuple[User, list[str], str]:
    """A colleague who has enrolled although nothing required it, with codes and the secret."""
    person = colleague()
    secret, codes = enrolled(signed_in(http_client, person))
    return person, codes, secret


def test_whoever_has_enrolled_is_asked_each_time(
    web_stack: WebStack, maria: tuple[User, list[str], str]
) -> None:
    person, codes, secret = maria
    desk = Desk(web_stack.http_client())
    desk.sign_in(person.email)
    assert desk.get("").status_code == 302
    assert desk.submit(PAGE, code=codes[0]).status_code == 302
    assert desk.get("").status_code == 200

    again = Desk(web_stack.http_client())
    again.sign_in(person.email)
    assert again.submit(PAGE, code=codes[0]).status_code == 200, "a recovery code opens once"
    assert again.get("").status_code == 302
    if int(time.time()) % 30 > 27:  # the code would change between here and there
        time.sleep(3)
    # The app's clock may be half a minute ahead; the code of just now has enrolled the app.
    assert again.submit(PAGE, code=code_of(secret, at=time.time() + 30)).status_code == 302
    assert again.get("").status_code == 200

    third = Desk(web_stack.http_client())
    third.sign_in(person.email)
    seen_before = third.submit(PAGE, code=code_of(secret, at=time.time() - 60))
    assert seen_before.status_code == 200


def test_the_code_that_enrolled_an_app_signs_nobody_in_elsewhere(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    """Whoever looks over a shoulder while an app is enrolled has a minute and a half."""
    person = colleague()
    desk = signed_in(http_client, person)
    page = desk.get(PAGE)
    found = SECRET.search(page.text)
    assert found
    code = code_of(found[1])
    assert desk.submit_form(page, PAGE, code=code).status_code == 302

    elsewhere = Desk(web_stack.http_client())
    elsewhere.sign_in(person.email)
    assert elsewhere.submit(PAGE, code=code).status_code == 200
    assert elsewhere.get("").status_code == 302


def test_codes_cannot_be_tried_without_end(
    web_stack: WebStack, maria: tuple[User, list[str], str]
) -> None:
    person, codes, _secret = maria
    desk = Desk(web_stack.http_client())
    desk.sign_in(person.email)
    page = desk.get(PAGE)
    for number in range(12):
        desk.submit_form(page, PAGE, code=f"{number:06d}")
    # The right one does not get in either, and is not told to be wrong.
    assert desk.submit_form(page, PAGE, code=codes[1]).status_code == 429
    assert desk.get("").status_code == 302


def test_a_lost_app_is_forgotten_by_a_colleague_with_the_right_and_by_nobody_else(
    http_client: HttpClient, web_stack: WebStack, maria: tuple[User, list[str], str]
) -> None:
    person, _codes, _secret = maria
    path = f"accounts/user/{person.pk}/reset-second-factor/"
    other, _email = staff_member(
        web_stack.http_client(), ["accounts.view_user", "accounts.change_user"]
    )
    assert other.get(path).status_code == 403
    helper, email = staff_member(http_client, ["accounts.view_user", "staff.reset_second_factor"])
    assert helper.submit(path).status_code == 302
    assert not Authenticator.objects.filter(user=person).exists()
    entry = Entry.objects.get(action="staff.second_factor_reset", target_id=str(person.pk))
    assert entry.actor == email


def test_signing_in_with_another_account_is_possible_before_the_code(
    web_stack: WebStack, maria: tuple[User, list[str], str]
) -> None:
    desk = Desk(web_stack.http_client())
    desk.sign_in(maria[0].email)
    page = desk.get(PAGE)
    assert desk.submit_form(page, "second-factor/leave/").headers["Location"] == "/admin/login/"
    other = colleague()
    assert desk.sign_in(other.email).headers["Location"] == "/admin/"
