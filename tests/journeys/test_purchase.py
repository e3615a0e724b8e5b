"""A purchase, from the order to the owner's first sign-in, and what is seen of it on the way."""

from __future__ import annotations

import psycopg

from tests.customer import Order, Shop, until

GUIDE = ("checkout.session.completed", "customer.subscription.created", "payment_intent.succeeded")


def test_a_buyer_becomes_the_owner_of_a_workspace_and_signs_in(shop: Shop) -> None:
    workspace = shop.buy()
    workspace.set_password()

    token = workspace.token()

    me = workspace.request("GET", "/api/me/", headers={"Authorization": f"Bearer {token}"}).json()
    assert me["email"] == workspace.order.email
    assert me["role"] == "owner"
    assert me["organization"] == "Sunny Court"


def test_a_trial_opens_a_workspace_although_nothing_was_paid(shop: Shop) -> None:
    workspace = shop.buy(Order(plan="starter"), outcome="trial")

    row = until(
        lambda: next(
            (
                row
                for row in shop.tenants()
                if row["subdomain"] == workspace.order.subdomain and row["subscription_status"]
            ),
            None,
        )
    )

    assert row["status"] == "active"
    assert row["subscription_status"] == "trialing"
    assert row["plan"] == "starter"


def test_progress_tells_times_and_address_but_nothing_personal(shop: Shop) -> None:
    workspace = shop.buy()
    workspace.welcome_mail()

    progress = until(
        lambda: (
            all(step["done_at"] for step in shop.progress(workspace.session_id)["steps"])
            and shop.progress(workspace.session_id)
        )
    )

    assert [step["name"] for step in progress["steps"]] == [
        "payment", "workspace", "address", "owner", "welcome_mail",
    ]  # fmt: skip
    assert set(progress) == {"status", "steps", "workspace_url"}
    text = str(progress)
    assert workspace.order.email not in text
    assert "set-password" not in text


def test_the_guides_other_events_are_recorded(shop: Shop) -> None:
    workspace = shop.buy()

    schema = _schema(shop, workspace.order.subdomain)
    types = until(
        lambda: (
            (
                found := {
                    row["type"]: row["status"] for row in shop.events() if row["tenant"] == schema
                }
            )
            and set(GUIDE) <= {kind for kind, status in found.items() if status == "processed"}
            and found
        )
    )

    assert {types[kind] for kind in GUIDE} == {"processed"}
    with psycopg.connect(shop.stack.database_url) as connection:
        paid = connection.execute(
            "SELECT p.status, p.amount_received, p.currency FROM billing_payment p"
            " JOIN tenants_tenant t ON t.id = p.tenant_id WHERE t.owner_email = %s",
            [workspace.order.email],
        ).fetchall()
    assert paid == [("succeeded", 4900, "eur")]


def test_operators_see_the_workspace_and_its_events_in_their_lists(shop: Shop) -> None:
    workspace = shop.buy()

    tenants = shop.listed("tenant", "list", "--json")
    events = shop.listed("stripe_events", "list", "--json")

    row = next(row for row in tenants if row["subdomain"] == workspace.order.subdomain)
    assert set(row) == {
        "schema", "name", "subdomain", "primary_domain", "owner_email", "status", "plan",
        "subscription_status", "created_at",
    }  # fmt: skip
    assert (row["status"], row["owner_email"]) == ("active", workspace.order.email)
    assert row["primary_domain"] == f"{workspace.order.subdomain}.localhost"
    event = next(row for row in events if row["object_id"] == workspace.session_id)
    assert set(event) == {
        "id", "type", "status", "attempts", "error", "received_at", "processed_at", "object_id",
        "tenant",
    }  # fmt: skip


def _schema(shop: Shop, subdomain: str) -> str:
    return str(next(row["schema"] for row in shop.tenants() if row["subdomain"] == subdomain))
