"""What owners do about their subscription is told in their workspace's own log."""

from __future__ import annotations

from tests.billing.owners.owner import buyer
from tests.customer import Order, Shop


def test_a_cancellation_and_its_taking_back_are_told_and_a_preview_is_not(shop: Shop) -> None:
    owner = buyer(shop, Order(plan="starter"))
    yearly = {"plan": "professional", "interval": "year"}
    assert owner.post("change-plan", {**yearly, "preview": True}).status_code == 200
    assert owner.post("cancel").status_code == 200
    assert owner.post("resume").status_code == 200
    told = [
        row
        for row in owner.get("/api/audit/")["results"]
        if row["action"].startswith("subscription.")
    ]
    assert [row["action"] for row in told] == ["subscription.resumed", "subscription.cancelled"]
    assert {row["actor"] for row in told} == {owner.workspace.order.email}
