"""What is charged, of one item or several: Stripe's own word, at the API, on the page, for staff."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.test import RequestFactory

from billing import upcoming
from public_apps.core.schema_context import in_public
from public_apps.tenants.models import Tenant
from staff.tenant_panels import sections_of
from tests.unit.stripe_inside import Document, Owner, StripeInside, price_of, subscriber

PROFESSIONAL, ENTERPRISE, ADD_ON = 4900, 14900, 500
CHANGE = {"plan": "enterprise", "interval": "month"}


def amounts(shown: Document) -> dict[str, int]:
    return {item["name"]: item["amount"] for item in shown["items"]}


def test_an_add_on_is_charged_with_the_plan_and_never_taken_for_it(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    """Case 1."""
    bought = subscriber(stripe_inside, tenant)
    extra = stripe_inside.price(ADD_ON, name="Extra storage")["id"]
    stripe_inside.post(
        "subscription_items", subscription=bought.subscription_id, price=extra,
        proration_behavior="none",
    )  # fmt: skip
    stripe_inside.deliver()
    owner = Owner(tenant)
    shown = owner.get()
    assert amounts(shown) == {"Professional": PROFESSIONAL, "Extra storage": ADD_ON}
    assert [each["amount"] for each in shown["sums"]] == [5400]
    assert shown["next_charge"]["amount"] == 5400
    page = owner.page()
    assert "€54 per month" in page
    assert "Extra storage: €5 per month" in page

    [plans_item] = [item for item in shown_at(bought.at_stripe) if item["price"]["id"] != extra]
    stripe_inside.delete(f"subscription_items/{plans_item['id']}")
    again = price_of("professional").stripe_price_id
    stripe_inside.post("subscription_items", subscription=bought.subscription_id, price=again)
    stripe_inside.deliver()
    assert shown_at(bought.at_stripe)[0]["price"]["id"] == extra, "the add-on is first now"
    assert owner.get()["plan"]["code"] == "professional"

    costs = owner.post("change-plan", {**CHANGE, "preview": True}).json()
    assert costs["next_charge"]["amount"] == ENTERPRISE + ADD_ON
    assert owner.post("change-plan", {**CHANGE, "at": costs["at"]}).status_code == 200
    charged = {item["price"]["id"]: item["quantity"] for item in shown_at(bought.at_stripe)}
    assert charged == {price_of("enterprise").stripe_price_id: 1, extra: 1}
    shown = owner.get()
    assert amounts(shown) == {"Enterprise": ENTERPRISE, "Extra storage": ADD_ON}
    assert shown["next_charge"]["amount"] == ENTERPRISE + ADD_ON


def shown_at(subscription: Document) -> list[Document]:
    items: list[Document] = subscription["items"]["data"]
    return items


def test_a_plan_that_is_gone_beside_its_add_on_is_not_replaced_by_it(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    extra = stripe_inside.price(ADD_ON, name="Extra storage")["id"]
    bought = subscriber(stripe_inside, tenant, price_of("professional").stripe_price_id, extra)
    [plans_item, _added] = shown_at(bought.at_stripe)
    stripe_inside.post(
        f"subscriptions/{bought.subscription_id}", proration_behavior="none",
        items=[{"id": plans_item["id"], "deleted": True}],
    )  # fmt: skip
    stripe_inside.deliver()
    owner = Owner(tenant)
    before = shown_at(bought.at_stripe)
    for _again in range(2):  # whatever is read in between
        assert owner.post("change-plan", CHANGE).status_code == 409
        shown = owner.get()
        assert (shown["plan"]["code"], shown["price"]) == ("professional", None)
        assert shown["next_charge"]["amount"] == ADD_ON
    assert shown_at(bought.at_stripe) == before


def test_a_change_keeps_the_plans_quantity(stripe_inside: StripeInside, tenant: Tenant) -> None:
    bought = subscriber(stripe_inside, tenant)
    [plans_item] = shown_at(bought.at_stripe)
    stripe_inside.post(f"subscription_items/{plans_item['id']}", quantity=2)
    stripe_inside.deliver()
    owner = Owner(tenant)
    assert amounts(owner.get()) == {"Professional": 2 * PROFESSIONAL}
    assert owner.post("change-plan", CHANGE).status_code == 200
    [plans_item] = shown_at(bought.at_stripe)
    assert (plans_item["quantity"], owner.get()["next_charge"]["amount"]) == (2, 2 * ENTERPRISE)


class Clerk(AnonymousUser):
    """One of our staff who may look at subscriptions and nothing else."""

    def has_perm(self, perm: str, obj: Model | None = None) -> bool:
        return perm == "billing.view_subscription"


def test_staff_see_each_item_by_name(stripe_inside: StripeInside, tenant: Tenant) -> None:
    extra = stripe_inside.price(ADD_ON, name="Extra storage")["id"]
    subscriber(stripe_inside, tenant, price_of("professional").stripe_price_id, extra)
    request = RequestFactory().get("/")
    request.user = Clerk()
    with in_public():
        [section] = sections_of(tenant, request=request)
    told = [cell.text for cell in section.rows[0]]
    assert "€54 per month: Professional €49, Extra storage €5" in told


def test_items_at_two_intervals_are_told_apart_and_the_next_charge_is_stripes(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    yearly = price_of("professional", "year").stripe_price_id
    extra = stripe_inside.price(ADD_ON, name="Extra storage")["id"]
    subscriber(stripe_inside, tenant, yearly, extra)
    owner = Owner(tenant)
    shown = owner.get()
    sums = {each["every"]: each["amount"] for each in shown["sums"]}
    assert sums == {"per year": 49_000, "per month": ADD_ON}
    assert shown["next_charge"]["amount"] == ADD_ON
    assert "€490 per year" in owner.page()


@pytest.mark.parametrize(("language", "said"), [("en", "per month"), ("el", "τον μήνα")])
def test_a_plan_is_not_parted_from_its_add_ons(
    stripe_inside: StripeInside, tenant: Tenant, language: str, said: str
) -> None:
    extra = stripe_inside.price(ADD_ON, name="Extra storage")["id"]
    bought = subscriber(stripe_inside, tenant, price_of("professional").stripe_price_id, extra)
    before = shown_at(bought.at_stripe)
    owner = Owner(tenant, language=language)
    for preview in (False, True):
        wish = {"plan": "professional", "interval": "year", "preview": preview}
        refused = owner.post("change-plan", wish)
        assert refused.status_code == 409
        assert said in refused.json()["detail"]
    assert shown_at(bought.at_stripe) == before


@pytest.mark.parametrize(
    ("language", "said"), [("en", "€120 every 3 months"), ("el", "120 € κάθε 3 μήνες")]
)
def test_a_quarter_is_told_as_a_quarter(
    stripe_inside: StripeInside, tenant: Tenant, language: str, said: str
) -> None:
    product = stripe_inside.get(f"prices/{price_of('professional').stripe_price_id}")["product"]
    quarterly = stripe_inside.price(12_000, interval_count=3, product=product)["id"]
    subscriber(stripe_inside, tenant, quarterly)
    owner = Owner(tenant, language=language)
    shown = owner.get()
    assert (shown["price"]["interval"], shown["price"]["interval_count"]) == ("month", 3)
    assert shown["plan"]["code"] == "professional"
    assert said in owner.page()


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", ("Your credit", "€0 on ")), ("el", ("Πιστωτικό υπόλοιπο", "0 € στις "))],
)
def test_credit_pays_the_next_charge_and_is_shown(
    stripe_inside: StripeInside, tenant: Tenant, language: str, said: tuple[str, str]
) -> None:
    """Case 13."""
    bought = subscriber(stripe_inside, tenant)
    path = f"customers/{bought.customer_id}/balance_transactions"
    stripe_inside.post(path, amount=-10_000, currency="eur")
    assert "customer.updated" in stripe_inside.deliver()
    owner = Owner(tenant, language=language)
    costs = owner.post(
        "change-plan", {"plan": "starter", "interval": "month", "preview": True}
    ).json()
    assert costs["due_now"] == 0
    assert costs["next_charge"]["amount"] == 0
    assert costs["credit"] >= 10_000
    wish = {"plan": "starter", "interval": "month", "at": costs["at"]}
    shown = owner.post("change-plan", wish).json()
    assert shown["next_charge"]["amount"] == 0
    assert shown["next_charge"]["credit_used"] == 1900
    assert shown["credit"] == costs["credit"]
    page = owner.page()
    assert [words for words in said if words not in page] == []
    stripe_inside.deliver()
    with in_public():
        customer = bought.tenant.customers.get()
    assert customer.credit == costs["credit"]


@pytest.mark.parametrize(
    ("coupon", "amount"),
    [({"percent_off": "20", "duration": "forever"}, 3920), ({"amount_off": 900, "currency": "eur",
      "duration": "forever"}, 4000)],
)  # fmt: skip
def test_a_coupon_counts_in_the_next_charge_and_in_a_change(
    stripe_inside: StripeInside, tenant: Tenant, coupon: Document, amount: int
) -> None:
    made = stripe_inside.post("coupons", **coupon)["id"]
    subscriber(
        stripe_inside, tenant, price_of("professional").stripe_price_id,
        discounts=[{"coupon": made}],
    )  # fmt: skip
    owner = Owner(tenant)
    coming = owner.get()["next_charge"]
    assert (coming["amount"], coming["discount"]) == (amount, PROFESSIONAL - amount)
    assert f"€{(PROFESSIONAL - amount) / 100:.2f}".removesuffix(".00") in owner.page()
    costs = owner.post("change-plan", {**CHANGE, "preview": True}).json()
    off = ENTERPRISE - costs["next_charge"]["amount"]
    assert off == (2980 if "percent_off" in coupon else 900)


def test_a_coupon_for_once_is_not_counted_twice(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    bought = subscriber(stripe_inside, tenant)
    coupon = stripe_inside.post("coupons", percent_off="10", duration="once")["id"]
    path = f"subscriptions/{bought.subscription_id}"
    stripe_inside.post(path, discounts=[{"coupon": coupon}])
    costs = Owner(tenant).post("change-plan", {**CHANGE, "preview": True}).json()
    assert costs["discount"] > 0
    assert costs["next_charge"]["amount"] == ENTERPRISE


def test_a_row_from_before_items_were_noted_shows_its_price(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    bought = subscriber(stripe_inside, tenant)
    row = bought.mirrored
    with in_public():
        row.items = []
        row.save()
    assert [each["amount"] for each in Owner(tenant).get()["sums"]] == [PROFESSIONAL]


@pytest.mark.parametrize("language", ["en", "el"])
@pytest.mark.parametrize("fault", [{"status": 500}, {"drop_connection": True}, {"status": 429}])
def test_no_sum_is_told_where_stripe_can_not_be_asked(
    stripe_inside: StripeInside, tenant: Tenant, fault: Document, language: str
) -> None:
    subscriber(stripe_inside, tenant)
    owner = Owner(tenant, language=language)
    stripe_inside.control("faults", {**fault, "path": "/v1/invoices"})
    shown = owner.get()
    assert (shown["next_charge"], shown["next_charge_known"]) == (None, False)
    [notice] = shown["notices"]
    assert notice["situation"] == "not_told"
    page = owner.page()
    assert notice["detail"] in page
    assert 'data-situation="not_told"' in page
    assert "Next charge" not in page


def test_what_is_never_charged_again_has_no_next_charge(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    bought = subscriber(stripe_inside, tenant)
    owner = Owner(tenant)
    assert owner.post("cancel").status_code == 200
    shown = owner.get()
    assert (shown["next_charge"], shown["next_charge_known"]) == (None, True)
    with in_public():
        assert upcoming.next_charge(bought.mirrored) is None


def test_a_send_invoice_customer_sees_when_it_is_due(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    stripe_inside.set_clock(-10)
    subscriber(stripe_inside, tenant, card="", collection_method="send_invoice", days_until_due=30)
    shown = Owner(tenant).get()
    assert shown["status"] == "active"
    assert shown["payment_problem"] is None
    assert shown["next_charge"]["amount"] == PROFESSIONAL
