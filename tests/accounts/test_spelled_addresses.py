"""Every door takes an address however it is spelled, and refuses by the field what can't be mailed."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from anymail.signals import AnymailTrackingEvent, tracking
from django.db import connection

from devstack import mailbox
from public_apps.accounts.models import Invitation, Role, User
from public_apps.core import email_addresses, mail
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from public_apps.tenants.models import Tenant
from tenant_apps.buildings import tasks
from tenant_apps.buildings.models import Apartment
from tests.accounts.account_api import ask, confirm_identity
from tests.accounts.test_sign_in import post_form
from tests.core.web_stack import PASSWORD, HttpClient, WebStack, Workspace, create_workspace
from tests.onboarding.orders import fresh_label
from tests.staff.desk import colleague, signed_in
from tests.tenant_api.populated_workspace import PopulatedWorkspace
from tests.website.test_sign_up_form import form, send

LOGIN = "/_allauth/app/v1/auth/login"
FORGOT = "/_allauth/app/v1/auth/password/request"
NOT_MAILED = "ελένη@court.example"
WHY_NOT = "Before the @ we can only take Latin letters"


def fresh() -> str:
    """Return an address at a Greek domain that nobody has."""
    return f"info-{secrets.token_hex(4)}@παράδειγμα.gr"


def in_pieces(address: str) -> str:
    """Return an address as a Mac's keyboard sends it."""
    return unicodedata.normalize("NFD", address)


def sent_to(web_stack: WebStack, address: str) -> list[object]:
    """Send what waits for somebody, and return what arrived at their address in punycode."""
    for promised in OutgoingMail.objects.waiting().filter(to__iexact=address):
        mail.send(mail_id=promised.pk)
    wired = email_addresses.on_the_wire(address)
    return [*mailbox.mails_to(wired, folder=web_stack.stack.mail_dir)]


def with_owner(address: str) -> Workspace:
    """Return a new workspace whose owner has this address."""
    workspace = create_workspace()
    with inside(workspace.tenant.schema_name):
        owner = User.objects.get(email=workspace.owner)
        EmailAddress.objects.filter(user=owner).update(email=address)
        owner.email = address
        owner.save()
    return workspace


@pytest.mark.parametrize("spell", [str, in_pieces, str.upper, email_addresses.on_the_wire])
def test_people_sign_in_and_ask_for_a_password_in_any_spelling(
    web_stack: WebStack, http_client: HttpClient, spell: Callable[[str], str]
) -> None:
    address = fresh()
    workspace = with_owner(address)
    typed = spell(address)
    body = {"email": typed, "password": PASSWORD}
    assert http_client.ask("POST", LOGIN, host=workspace.host, json=body).status_code == 200
    data = {"login": typed, "password": PASSWORD}
    assert post_form(http_client, workspace, "/accounts/login/", data).status_code == 302
    http_client.ask("POST", FORGOT, host=workspace.host, json={"email": typed})
    assert len(sent_to(web_stack, address)) == 1


def test_many_spellings_are_no_way_round_the_limit_on_tries(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    workspace = with_owner(kate := f"kate-{secrets.token_hex(4)}@court.example")
    spellings = [kate, kate.replace("k", "\u212a"), f"{kate}\u200b"]
    codes = []
    for number in range(9):
        body = {"email": spellings[number % 3], "password": "a-wrong-courtyard-9"}
        answer = http_client.ask("POST", LOGIN, host=workspace.host, json=body)
        codes.append(answer.status_code)
    assert codes == [400] * 5 + [429] * 4


def test_who_is_invited_in_pieces_is_invited_once_and_gets_the_mail(
    web_stack: WebStack, own_populated: PopulatedWorkspace
) -> None:
    address = fresh()
    body = {"email": in_pieces(address), "role": "resident"}
    made = own_populated.owner.post("/api/invitations/", body)
    assert made["email"] == address
    assert len(sent_to(web_stack, address)) == 1
    for again in (address, email_addresses.on_the_wire(address), f" {address}\u200b"):
        said = own_populated.owner.ask("POST", "/api/invitations/", json={**body, "email": again})
        assert (said.status_code, list(said.json()["errors"])) == (409, ["email"]), again
    with inside(own_populated.schema):
        assert Invitation.objects.get(email=in_pieces(address)).email == address
    refused = own_populated.owner.ask(
        "POST", "/api/invitations/", json={**body, "email": NOT_MAILED}
    )
    assert refused.status_code == 400
    assert WHY_NOT in refused.json()["errors"]["email"][0]


def test_a_new_address_is_kept_as_it_is_mailed(
    web_stack: WebStack, own_populated: PopulatedWorkspace
) -> None:
    person, address = own_populated.person(Role.STAFF), fresh()
    assert confirm_identity(person).status_code == 200
    answer = ask(person, "POST", "account/email", {"email": in_pieces(address)})
    assert answer.status_code == 200, answer.text
    assert len(sent_to(web_stack, address)) == 1
    refused = ask(person, "POST", "account/email", {"email": NOT_MAILED.replace("ε", "e")})
    assert refused.status_code == 400


def test_residents_addresses_are_read_one_by_one_and_from_a_file(
    populated: PopulatedWorkspace,
) -> None:
    address = fresh()
    said = {"building": populated.building.pk, "number": "S1", "owner_email": in_pieces(address)}
    assert populated.manager.post("/api/apartments/", said)["owner_email"] == address
    odd = {**said, "number": "S2", "owner_email": "el\u200beni@court.example"}
    refused = populated.manager.ask("POST", "/api/apartments/", json=odd)
    assert refused.json()["errors"] == {
        "owner_email": ["Leave out spaces and invisible characters."]
    }
    path = f"/api/buildings/{populated.building.pk}/import-apartments/"
    rows = f"number,owner_email\nS3,{in_pieces(address)}\n"
    work = populated.manager.post(path, {"content": rows}, status=202)
    tasks.import_apartments(schema=populated.schema, work_id=work["id"])
    with inside(populated.schema):
        imported = Apartment.objects.get(building=populated.building, number="S3")
        assert imported.owner_email == address
    work = populated.manager.post(
        path, {"content": f"number,owner_email\nS4,{NOT_MAILED}\n"}, status=202
    )
    tasks.import_apartments(schema=populated.schema, work_id=work["id"])
    (line,) = populated.manager.get(f"/api/work/{work['id']}/")["report"]
    assert (line["line"], line["field"]) == (2, "owner_email")
    assert WHY_NOT in line["detail"]


def test_the_sign_up_page_says_why_an_address_cannot_be_mailed(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    answer = send(http_client, form(email=NOT_MAILED))
    assert answer.status_code == 400
    assert WHY_NOT in answer.text
    body = {name: value for name, value in form(email=NOT_MAILED).items() if "key" not in name}
    greek = {"Accept-Language": "el"}
    said = http_client.ask("POST", "/api/billing/checkout/", json=body, headers=greek)
    assert said.status_code == 400
    assert "Πριν από το @" in said.json()["errors"]["email"][0]


def test_staff_open_workspaces_for_addresses_that_can_be_mailed(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    desk = signed_in(http_client, colleague(is_superuser=True))
    address, label = fresh(), fresh_label()
    answers = {
        "organization": "Sunny Court", "subdomain": label, "email": in_pieces(address),
        "first_name": "Eleni", "last_name": "Papadaki", "language": "el", "plan": "",
    }  # fmt: skip
    refused = desk.submit("tenants/tenant/open/", **{**answers, "email": NOT_MAILED})
    assert refused.status_code == 200
    assert WHY_NOT in refused.text
    assert desk.submit("tenants/tenant/open/", **answers).status_code == 302
    assert Tenant.objects.get(owner_email=address).primary_domain.startswith(label)
    assert len(sent_to(web_stack, address)) == 1


def test_the_command_opens_workspaces_for_addresses_that_can_be_mailed(web_stack: WebStack) -> None:
    address, label = fresh(), fresh_label()

    def create(email: str) -> tuple[int, str]:
        done = web_stack.stack.manage(
            "tenant", "create", "--organization=Sunny Court", f"--subdomain={label}",
            f"--email={email}", "--first-name=Eleni", "--last-name=Papadaki",
        )  # fmt: skip
        return done.returncode, done.stderr

    code, told = create(NOT_MAILED)
    assert code != 0
    assert WHY_NOT in told
    assert create(in_pieces(address))[0] == 0
    assert len(sent_to(web_stack, address)) == 1


def test_what_the_provider_reports_in_punycode_is_suppressed_in_every_spelling(
    web_stack: WebStack,
) -> None:
    address = fresh()
    reported = AnymailTrackingEvent(
        event_type="bounced", recipient=email_addresses.on_the_wire(address), esp_event={}
    )
    tracking.send(sender=object, event=reported, esp_name="Postmark")
    promised = mail.enqueue(kind="welcome", key=address, to=in_pieces(address), language="en")
    mail.send(mail_id=promised.pk)
    promised.refresh_from_db()
    assert promised.failed_at
    assert "suppressed" in promised.error


def test_a_mail_that_no_server_can_take_is_given_up_and_never_counted_as_sent(
    web_stack: WebStack,
) -> None:
    workspace = create_workspace()
    with inside(workspace.tenant.schema_name):
        person = User.objects.get(email=workspace.owner)
    key = f"{workspace.tenant.schema_name}:{person.pk}:{secrets.token_hex(8)}"
    promised = mail.enqueue(kind="password_reset", key=key, to=workspace.owner, language="en")
    with connection.cursor() as cursor:  # as it may lie there from before addresses were read
        cursor.execute(
            'UPDATE core_outgoingmail SET "to" = %s WHERE id = %s', [NOT_MAILED, promised.pk]
        )
    mail.send(mail_id=promised.pk)
    promised.refresh_from_db()
    assert promised.sent_at is None
    assert promised.failed_at
    assert WHY_NOT in promised.error
