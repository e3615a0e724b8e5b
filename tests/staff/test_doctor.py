"""The doctor: finds a healthy deployment healthy, and names what is broken in a broken one."""

from __future__ import annotations

import dataclasses
import io
import json
import secrets
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from billing import webhook_stats
from billing.handlers import HANDLERS
from billing.models import Price
from devstack.stack import Stack
from public_apps.core.schema_context import inside
from tests.billing.stripe_stack import StripeStack
from tests.core.web_stack import NOBODY, WebStack, create_workspace
from tests.staff.examined import Finding, examine, stripe_at_another_time

GIVEN = "webhook_endpoints/we_1GivenOnTheCommandLine00"


def failing() -> dict[str, str]:
    """Return what fails beside the worker: on this ground there is none."""
    status, findings = examine()
    found = {each["part"]: each for each in findings if each["verdict"] == "failing"}
    assert status == 1
    assert "No worker is alive" in found.pop("worker")["detail"]
    assert all(each["advice"] for each in found.values())
    return {part: each["detail"] for part, each in found.items()}


def settings_of_stripe(**changes: Any) -> override_settings:
    return override_settings(STRIPE=dataclasses.replace(settings.STRIPE, **changes))


def change(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)  # type: ignore[arg-type]  # plain values


def test_a_healthy_system_is_found_healthy(system: Stack) -> None:
    done = system.manage("doctor", "--json")
    findings: list[Finding] = json.loads(done.stdout)
    ill = [each for each in findings if each["verdict"] == "failing"]
    assert (done.returncode, ill) == (0, [])
    well = {each["part"] for each in findings if each["verdict"] == "ok"}
    assert well >= {
        "settings", "database", "clock", "migrations", "worker", "mail", "dns", "origins",
        "stripe key", "webhook endpoint", "prices",
    }  # fmt: skip


def test_for_people_each_line_has_its_sign_and_what_to_do(stripe_stack: StripeStack) -> None:
    environ = {"STRIPE_API_BASE": stripe_stack.mock}
    done = stripe_stack.web_stack.stack.manage("doctor", environ=environ)
    assert done.returncode == 1
    assert "✗ worker: No worker is alive" in done.stdout
    assert "    → Start the worker service" in done.stdout
    assert "✓ prices: " in done.stdout
    for secret in (
        stripe_stack.key,
        stripe_stack.web_stack.stack.env["STRIPE_WEBHOOK_SECRET"].split(",")[0],
    ):
        assert secret not in done.stdout + done.stderr


def test_without_a_worker_only_that_is_wrong(stripe_stack: StripeStack) -> None:
    assert failing() == {}


def test_1_a_mail_server_that_refuses(stripe_stack: StripeStack) -> None:
    with override_settings(EMAIL_PORT=9):
        assert "127.0.0.1:9" in failing()["mail"]


def test_2_a_key_that_stripe_does_not_take(stripe_stack: StripeStack) -> None:
    with settings_of_stripe(secret_key="sk_test_of_somebody_else"):
        found = failing()
    assert list(found) == ["stripe key"]
    assert "Invalid API Key" in found["stripe key"]
    assert "somebody_else" not in found["stripe key"]


def test_3_a_stripe_that_nobody_reaches(stripe_stack: StripeStack) -> None:
    with settings_of_stripe(api_base=NOBODY):
        assert list(failing()) == ["stripe"]


def test_4_no_endpoint_until_it_is_fixed_and_its_secret_works(
    own_stripe_stack: StripeStack,
) -> None:
    own_stripe_stack.delete(GIVEN)
    assert "Stripe has none that leads to" in failing()["webhook endpoint"]

    environ = {"STRIPE_API_BASE": own_stripe_stack.mock}
    done = own_stripe_stack.web_stack.stack.manage("doctor", "--fix", environ=environ)
    secret = done.stdout.partition("shown this once: ")[2].split()[0]
    [endpoint] = own_stripe_stack.get("webhook_endpoints")["data"]
    assert secret.startswith("whsec_")
    assert set(endpoint["enabled_events"]) == set(HANDLERS)
    assert endpoint["url"] == f"{settings.SITE_URL}/api/billing/webhook/stripe/"
    assert "webhook endpoint" not in failing()

    again = own_stripe_stack.web_stack.stack.manage("doctor", "--fix", environ=environ)
    assert "nothing to fix" in again.stdout
    assert "whsec_" not in again.stdout
    assert len(own_stripe_stack.get("webhook_endpoints")["data"]) == 1


def test_5_an_endpoint_and_a_portal_that_are_switched_off(own_stripe_stack: StripeStack) -> None:
    own_stripe_stack.post(GIVEN, disabled="true")
    [portal] = own_stripe_stack.get("billing_portal/configurations")["data"]
    own_stripe_stack.post(f"billing_portal/configurations/{portal['id']}", active="false")
    found = failing()
    assert "it is disabled" in found["webhook endpoint"]
    assert "it is not active" in found["customer portal"]
    said = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", "--fix", stdout=said)
    assert f"The customer portal: brought {portal['id']} in line." in said.getvalue()
    assert own_stripe_stack.get(GIVEN)["status"] == "enabled"
    assert "customer portal" not in failing()


def test_6_an_endpoint_that_does_not_get_all_events(own_stripe_stack: StripeStack) -> None:
    own_stripe_stack.post(GIVEN, **{"enabled_events[0]": "checkout.session.completed"})
    told = failing()["webhook endpoint"]
    assert "it does not get" in told
    assert "invoice.paid" in told
    with pytest.raises(SystemExit):
        call_command("doctor", "--fix", stdout=io.StringIO())
    assert set(own_stripe_stack.get(GIVEN)["enabled_events"]) == set(HANDLERS)


def test_7_an_endpoint_of_an_old_version_gets_one_beside_it(own_stripe_stack: StripeStack) -> None:
    old = own_stripe_stack.get(GIVEN)
    own_stripe_stack.delete(GIVEN)
    own_stripe_stack.post(
        "webhook_endpoints",
        url=old["url"],
        api_version="2020-08-27",
        **{"enabled_events[0]": "*"},
    )
    assert "its API version is 2020-08-27" in failing()["webhook endpoint"]
    said = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", "--fix", stdout=said)
    assert "speaks an older version" in said.getvalue()
    assert "whsec_" in said.getvalue()
    assert len(own_stripe_stack.get("webhook_endpoints")["data"]) == 2, (
        "the old one serves meanwhile"
    )
    assert "webhook endpoint" not in failing()


def test_8_prices_that_stripe_has_otherwise(stripe_stack: StripeStack) -> None:
    price = Price.objects.filter(plan__offered=True, currency="eur")[0]
    Price.objects.filter(pk=price.pk).update(unit_amount=price.unit_amount + 100)
    try:
        assert price.lookup_key in failing()["prices"]
    finally:
        Price.objects.filter(pk=price.pk).update(unit_amount=price.unit_amount)


def test_9_a_tenant_that_a_release_has_left_behind(stripe_stack: StripeStack) -> None:
    court = create_workspace()
    schema = court.tenant.schema_name
    with inside(schema):
        change("UPDATE django_migrations SET app = 'gone' WHERE app = 'accounts'")
    try:
        assert schema in failing()["migrations"]
    finally:
        with inside(schema):
            change("UPDATE django_migrations SET app = 'accounts' WHERE app = 'gone'")


def test_10_a_release_that_never_ran(stripe_stack: StripeStack) -> None:
    change("UPDATE public.django_migrations SET app = 'gone' WHERE app = 'website' OR app = 'core'")
    try:
        assert "Public lacks" in failing()["migrations"]
    finally:
        change("UPDATE public.django_migrations SET app = 'core' WHERE app = 'gone'")


def test_11_a_frontend_that_may_not_ask(stripe_stack: StripeStack) -> None:
    with override_settings(FRONTEND_URL="https://www.elsewhere.example", CORS_ALLOWED_ORIGINS=[]):
        assert (
            "https://www.elsewhere.example is not in CORS_ALLOWED_ORIGINS" in failing()["origins"]
        )


def test_12_an_address_that_we_do_not_answer_at(stripe_stack: StripeStack) -> None:
    with override_settings(SITE_URL="http://other.localhost:8000"):
        assert "other.localhost" in failing()["hosts"]


def test_13_a_base_domain_without_an_address(stripe_stack: StripeStack) -> None:
    nowhere = f"nowhere-{secrets.token_hex(4)}.invalid"
    with override_settings(TENANT_BASE_DOMAIN=nowhere, SITE_URL=f"https://{nowhere}"):
        assert nowhere in failing()["dns"]


def test_14_a_role_that_may_not_build_tenants(stripe_stack: StripeStack) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), current_user")
        database, role = cursor.fetchone() or ("", "")
    change(f'REVOKE CREATE ON DATABASE "{database}" FROM "{role}"')
    try:
        assert "may not create schemas" in failing()["database"]
    finally:
        change(f'GRANT CREATE ON DATABASE "{database}" TO "{role}"')


def test_a_database_that_forgets_what_it_has_stored_is_pointed_at(
    stripe_stack: StripeStack,
) -> None:
    change("SET synchronous_commit = off")
    try:
        _status, findings = examine()
    finally:
        change("RESET synchronous_commit")
    [told] = [each for each in findings if "synchronous_commit" in each["detail"]]
    assert told["verdict"] == "warning"
    assert not [each for each in examine()[1] if "synchronous_commit" in each["detail"]]


def test_15_a_clock_that_is_wrong(stripe_stack: StripeStack) -> None:
    with (
        stripe_at_another_time(stripe_stack.mock, seconds=600) as url,
        settings_of_stripe(api_base=url),
    ):
        assert "Stripe" in failing()["clock"]


def test_16_a_database_that_is_away(stripe_stack: StripeStack) -> None:
    nowhere = NOBODY.replace("http://", "postgresql://nobody:none-at-all@") + "/nothing"
    environ = {"STRIPE_API_BASE": stripe_stack.mock, "DATABASE_URL": nowhere}
    done = stripe_stack.web_stack.stack.manage("doctor", "--json", environ=environ)
    assert done.returncode == 1, done.stderr
    found = {each["part"] for each in json.loads(done.stdout) if each["verdict"] == "failing"}
    assert {"database", "migrations", "worker"} <= found
    assert "none-at-all" not in done.stdout + done.stderr


def test_17_debugging_at_a_public_address(stripe_stack: StripeStack) -> None:
    public = override_settings(
        DEBUG=True, SITE_URL="https://example.com", PUBLIC_HOSTS=frozenset({"example.com"})
    )
    with public:
        assert "DJANGO_DEBUG" in failing()["debug"]


def test_refused_deliveries_are_pointed_at(stripe_stack: StripeStack) -> None:
    webhook_stats.refused()
    webhook_stats.missed(3)
    webhook_stats.flush()
    _status, findings = examine()
    [missed] = [each for each in findings if each["part"] == "webhook"]
    assert "could not deliver 3 events" in missed["detail"]
    [told] = [each for each in findings if each["part"] == "webhook secret"]
    assert told["verdict"] == "warning"
    assert "STRIPE_WEBHOOK_SECRET" in told["advice"]


def test_a_test_mail_arrives_or_the_servers_word_is_shown(
    stripe_stack: StripeStack, web_stack: WebStack
) -> None:
    from devstack import mailbox

    to = f"anna-{secrets.token_hex(4)}@staff.example"
    _status, findings = examine("--send-mail", to)
    assert (findings[-1]["part"], findings[-1]["verdict"]) == ("test mail", "ok")
    assert mailbox.mails_to(to, folder=web_stack.stack.mail_dir)
    with override_settings(EMAIL_PORT=9):
        _status, findings = examine("--send-mail", to)
    assert (findings[-1]["part"], findings[-1]["verdict"]) == ("test mail", "failing")


def test_in_manual_mode_stripe_is_left_alone(stripe_stack: StripeStack) -> None:
    with settings_of_stripe(mode="manual", api_base=NOBODY):
        assert failing() == {}
