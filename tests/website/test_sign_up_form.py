"""The sign-up form without a browser: what it refuses, and what it says when a purchase can't begin."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
import requests
from django.utils import timezone

from billing.models import Price
from public_apps.core.models import OutgoingMail
from public_apps.onboarding import open_workspace, welcome
from public_apps.onboarding.models import Signup
from tests.core.web_stack import HttpClient, WebStack, another_web
from tests.onboarding.orders import fresh_label, ordered

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def form(**fields: str) -> dict[str, str]:
    """Return what Eleni fills in."""
    label = fresh_label()
    return {
        "organization": "Sunny Court", "subdomain": label, "email": f"eleni@{label}.example",
        "first_name": "Eleni", "last_name": "Papadaki", "plan": "professional",
        "interval": "month", "idempotency_key": uuid.uuid4().hex, **fields,
    }  # fmt: skip


def send(http_client: HttpClient, fields: dict[str, str], path: str = "/") -> requests.Response:
    """Send the form with the token of the page that it stands on."""
    page = http_client.ask("GET", "/")
    token = TOKEN.search(page.text)
    assert token
    given = {**fields, "csrfmiddlewaretoken": token[1]}
    return http_client.ask("POST", path, data=given, cookies=page.cookies)


@pytest.fixture
def at_stripe(web_stack: WebStack) -> None:
    """Prices that were pushed to a Stripe which does not answer on the web stack."""
    for price in Price.objects.filter(stripe_price_id=""):
        Price.objects.filter(pk=price.pk).update(stripe_price_id=f"price_{price.lookup_key}")


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "nobody"), ("subdomain", "admin"), ("plan", "gold"), ("first_name", "<b>")],
)
def test_a_form_with_a_mistake_comes_back_with_what_was_typed(
    http_client: HttpClient, field: str, value: str
) -> None:
    fields = form(**{field: value})
    answer = send(http_client, fields)
    assert answer.status_code == 400
    assert fields["organization"] in answer.text
    assert f'id="id_{field}' in answer.text
    assert not Signup.objects.filter(email=fields["email"]).exists()


def test_a_form_from_elsewhere_is_refused(http_client: HttpClient) -> None:
    assert http_client.ask("POST", "/", data=form()).status_code == 403


def test_a_taken_name_is_said_at_its_field(http_client: HttpClient, at_stripe: None) -> None:
    held = ordered()
    answer = send(http_client, form(subdomain=held.subdomain))
    assert answer.status_code == 409
    assert "This name is taken." in answer.text


def test_a_silent_stripe_is_said_and_the_name_is_free_again(
    http_client: HttpClient, at_stripe: None
) -> None:
    fields = form()
    answer = send(http_client, fields)
    assert answer.status_code == 502
    assert "could not reach the payment provider" in answer.text
    signup = Signup.objects.get(subdomain=fields["subdomain"])
    assert signup.released_at is not None


def test_who_tries_too_often_is_asked_to_wait(web_stack: WebStack, tmp_path: Path) -> None:
    with another_web(web_stack, tmp_path, CHECKOUT_RATE="1/min") as http_client:
        send(http_client, form())
        answer = send(http_client, form())
    assert answer.status_code == 429
    assert "Please wait" in answer.text


def test_who_left_the_payment_finds_the_way_back(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    left = ordered(checkout_url="https://pay.example/cs_left")
    page = http_client.ask("GET", f"/?signup={left.pk}").text
    assert "https://pay.example/cs_left" in page
    for typed in (left.email, left.organization, left.subdomain, str(left.pk)):
        assert f'value="{typed}"' in page
    assert f"/api/billing/subdomains/NAME/?signup={left.pk}" in page
    Signup.objects.filter(pk=left.pk).update(released_at=timezone.now())
    for reference in (left.pk, uuid.uuid4(), "no-number"):
        answer = http_client.ask("GET", f"/?signup={reference}")
        assert answer.status_code == 200
        assert "https://pay.example" not in answer.text


def test_who_has_paid_is_led_to_the_workspace_and_is_shown_nothing(http_client: HttpClient) -> None:
    paid = ordered(paid=True, checkout_session_id=f"cs_{uuid.uuid4().hex}")
    answer = http_client.ask("GET", f"/?signup={paid.pk}")
    assert (answer.status_code, answer.headers["Location"]) == (
        302, f"/welcome/{paid.checkout_session_id}/",
    )  # fmt: skip
    for path in ("/", f"/give-up/{paid.pk}/"):
        led = send(http_client, form(signup=str(paid.pk)), path)
        assert (led.status_code, led.headers["Location"]) == (303, answer.headers["Location"])


def test_who_gives_up_while_stripe_is_away_is_told_so(http_client: HttpClient) -> None:
    left = ordered(
        checkout_session_id=f"cs_{uuid.uuid4().hex}", checkout_url="https://pay.example/"
    )
    answer = send(http_client, {}, f"/give-up/{left.pk}/")
    assert answer.status_code == 303
    assert f"signup={left.pk}" in answer.headers["Location"]
    left.refresh_from_db()
    assert left.email
    assert left.released_at is None
    assert send(http_client, {}, f"/give-up/{uuid.uuid4()}/").status_code == 404
    assert http_client.ask("POST", f"/give-up/{left.pk}/").status_code == 403, "not from elsewhere"


def test_the_welcome_page_of_a_session_that_nobody_has_is_not_found(
    http_client: HttpClient,
) -> None:
    assert http_client.ask("GET", "/welcome/cs_nobody/").status_code == 404
    assert send(http_client, {}, "/welcome/cs_nobody/resend/").status_code == 404


def test_the_welcome_mail_is_sent_again_on_request_and_the_answer_tells_nothing(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    waiting = ordered(paid=True, checkout_session_id=f"cs_{uuid.uuid4().hex}")
    ready = ordered(paid=True, checkout_session_id=f"cs_{uuid.uuid4().hex}")
    open_workspace.open_workspace(signup=ready)
    long_ago = timezone.now() - 2 * welcome.SHORTEST_GAP
    OutgoingMail.objects.filter(key__startswith=str(ready.pk)).update(created_at=long_ago)
    for signup, mails in ((waiting, 0), (ready, 2), (ready, 2)):
        path = f"/welcome/{signup.checkout_session_id}/"
        answer = send(http_client, {}, f"{path}resend/")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"{path}?sent=again")
        assert OutgoingMail.objects.filter(key__startswith=str(signup.pk)).count() == mails
        assert http_client.ask("GET", f"{path}?sent=again").status_code == 200
