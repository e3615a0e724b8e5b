"""What an owner sees of the subscription, and who else sees nothing of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import requests

from billing.models import Invoice, Price
from tests.billing.owners.owner import Owner, buyer
from tests.customer import Order, Shop, until


def test_an_owner_sees_plan_price_and_the_next_charge(owner: Owner) -> None:
    shown = owner.get()
    price = Price.objects.get(plan__code="starter", interval="month", currency="eur")
    assert (shown["plan"]["code"], shown["status"], shown["suspended"]) == (
        "starter",
        "active",
        False,
    )
    assert shown["price"] == {
        "unit_amount": price.unit_amount,
        "currency": "eur",
        "interval": "month",
        "interval_count": 1,
        "every": "per month",
        "quantity": 1,
    }
    assert shown["next_charge"]["amount"] == price.unit_amount
    item = owner.at_stripe["items"]["data"][0]
    charged_at = datetime.fromisoformat(shown["next_charge"]["at"])
    assert charged_at.timestamp() == item["current_period_end"]
    assert (shown["ends_at"], shown["past_due"], shown["payment_problem"]) == (None, None, None)
    assert shown["limits"]["apartments"]["limit"] == price.plan.most_apartments
    assert shown["actions"] == {
        "change_plan": True,
        "give_up_change": False,
        "cancel": True,
        "resume": False,
        "portal": True,
        "begin_again": False,
    }


def test_a_trial_shows_its_end_and_charges_then(shop: Shop) -> None:
    shown = buyer(shop, Order(plan="professional"), outcome="trial").get()
    assert shown["status"] == "trialing"
    assert shown["trial_end"] == shown["next_charge"]["at"]


def test_an_overdue_payment_shows_the_grace_and_what_is_open(owner: Owner) -> None:
    owner.move("past_due")
    shown = owner.get()
    since, ends = (datetime.fromisoformat(shown["past_due"][name]) for name in PAST_DUE)
    assert ends - since == timedelta(days=14)
    assert shown["payment_problem"]["amount_due"] == owner.invoices()[0]["amount_due"]
    assert shown["next_charge"] is None
    assert not shown["actions"]["change_plan"]
    refused = owner.post("change-plan", {"plan": "professional", "interval": "month"})
    assert refused.status_code == 409


PAST_DUE = ("since", "grace_ends_at")


def test_invoices_come_newest_first_by_the_page_and_are_the_tenants_own(
    owner: Owner, shop: Shop
) -> None:
    stranger = buyer(shop, Order(plan="starter"))
    owner.post("change-plan", {"plan": "professional", "interval": "year"})
    until(lambda: len(owner.get("/api/invoices/")["results"]) == 2)
    for number in range(25):  # a few years of a customer's life
        Invoice.objects.create(
            pk=f"in_{owner.tenant.pk}_{number}", tenant=owner.tenant, status="paid",
            number=f"OLD-{number}",
            created_at=datetime.fromisoformat("2024-01-01T00:00Z") + timedelta(days=number),
            synced_at=datetime.fromisoformat("2024-01-01T00:00Z"), currency="eur",
        )  # fmt: skip
    first = owner.get("/api/invoices/")
    rest = owner.get(first["next"].partition(owner.workspace.host)[2])
    found = [invoice["id"] for invoice in first["results"] + rest["results"]]
    assert len(first["results"]) == 20
    assert rest["next"] is None
    assert first["next"].startswith(owner.workspace.url)
    times = [invoice["created_at"] for invoice in first["results"] + rest["results"]]
    assert times == sorted(times, reverse=True)
    at_stripe = {invoice["id"] for invoice in owner.invoices()}
    assert at_stripe <= set(found)
    assert not {invoice["id"] for invoice in stranger.invoices()} & set(found)


CALLS = [
    ("GET", "/api/subscription/"),
    ("GET", "/api/invoices/"),
    ("POST", "/api/subscription/change-plan/"),
    ("POST", "/api/subscription/cancel/"),
    ("POST", "/api/subscription/resume/"),
    ("POST", "/api/subscription/portal/"),
    ("POST", "/api/subscription/contact/"),
]


def test_nobody_else_gets_in(owner: Owner, shop: Shop) -> None:
    manager, resident = owner.colleague("manager"), owner.colleague("resident")
    neighbour = buyer(shop, Order(plan="starter"))
    for method, path in CALLS:
        for person in (manager, resident):
            refused = person.ask(method, path, {})
            assert refused.status_code == 403, (method, path)
            assert refused.headers["Content-Type"] == "application/problem+json"
        wrong = owner.workspace.request(
            method, path, headers={"Authorization": f"Bearer {neighbour.token}"}
        )
        assert wrong.status_code == 401, (method, path)
        assert owner.workspace.request(method, path).status_code == 401, (method, path)
    assert owner.get()["status"] == "active"
    assert owner.at_stripe["cancel_at_period_end"] is False


@pytest.mark.parametrize("path", ["/api/subscription/", "/api/invoices/"])
def test_the_frontend_asks_by_header_and_gets_links_to_the_workspace(
    owner: Owner, shop: Shop, path: str
) -> None:
    headers = {
        "Authorization": f"Bearer {owner.token}",
        "X-Tenant-Host": owner.workspace.host.partition(":")[0],
    }
    answer = requests.get(f"{shop.url}{path}", headers=headers, timeout=30)
    assert answer.status_code == 200
    assert answer.json() == owner.get(path)


def test_a_suspended_tenants_owner_still_sees_everything(owner: Owner) -> None:
    owner.move("unpaid")
    shown = until(lambda: (seen := owner.get())["suspended"] and seen)
    assert shown["payment_problem"] is not None
    assert owner.get("/api/invoices/")["results"]
    assert owner.post("portal").status_code == 200
