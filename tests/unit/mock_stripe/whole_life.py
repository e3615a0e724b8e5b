"""Customers' lives that take every route and control of the mock, and all that was said in them."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from mock_stripe.api import ROUTES
from mock_stripe.completion import OUTCOMES
from mock_stripe.happenings import HAPPENINGS
from mock_stripe.transitions import STATUSES
from tests.unit.stripe_inside import DAY, Document, Refused, StripeInside

SHOP = "http://shop.test/"


@dataclass(frozen=True, kw_only=True)
class Said:
    """An answer of the API, and the route that gave it, such as `GET /v1/customers/{}`."""

    route: str
    document: Document


class Heard(StripeInside):
    """A mock Stripe in this process that keeps what it answers."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asking = ""  # the route of the call that is being answered
        self.answers: list[Said] = []
        self.errors: list[Said] = []

    def answer(self, request: requests.PreparedRequest) -> requests.Response:
        """Answer, and keep what was said."""
        path = urlsplit(str(request.url)).path
        if not path.startswith("/v1/"):
            self.asking = ""
            return super().answer(request)
        self.asking = route_of(f"{request.method} {path}")
        answer = super().answer(request)
        kept = self.answers if answer.ok else self.errors
        kept.append(Said(route=self.asking, document=answer.json()))
        return answer

    def refuse(self, path: str, **params: Any) -> None:
        """Ask for what is refused."""
        with contextlib.suppress(Refused):
            self.post(path, **params)
            raise AssertionError(f"{path} was not refused")


def bare(route: str) -> str:
    """Return a route without the names of what it has in its path."""
    return re.sub(r"<\w+>", "{}", route)


_KNOWN = sorted(ROUTES, key=lambda route: (route.count("<"), route))


def route_of(asked: str) -> str:
    """Return the route that answers this method and path; what is asked if none does."""
    for route in _KNOWN:
        if re.fullmatch(re.sub(r"<\w+>", "[^/]+", route), asked):
            return bare(route)
    return asked


def live(heard: Heard) -> None:
    """Take every route, every control's button, every outcome of a session and every status."""
    shop = _sets_up_shop(heard)
    for part in (_customers, _sells_at_a_page, _subscribes, _changes, _plans_ahead, _loses,
                 _gives_back, _lives_by_a_clock, _ends):  # fmt: skip
        part(heard, shop)
    _reads_all(heard)
    _closes_shop(heard, shop)


def _sets_up_shop(heard: Heard) -> dict[str, str]:
    for path in ("account", "tax/settings"):
        heard.get(path)
    heard.get(f"accounts/{heard.get('account')['id']}")
    product = heard.post("products", name="Professional", metadata={"plan": "professional"},
                         images=["http://shop.test/a.png"])["id"]  # fmt: skip
    made = [
        heard.price(4900, product=product, tax_behavior="exclusive", lookup_key="pro"),
        heard.price(49_000, "year", product=product),
        heard.price(500, name="Storage"),
    ]
    price, yearly, extra = (each["id"] for each in made)
    heard.post(f"products/{product}", default_price=price, description="All of it")
    heard.post(f"prices/{extra}", nickname="Storage", lookup_key="pro", transfer_lookup_key=True)
    for path in (f"products/{product}", f"prices/{price}"):
        heard.get(path)
    heard.get("products", active=True, ids=[product])
    heard.get("prices", lookup_keys=["pro"], recurring={"interval": "month"})
    once = heard.post("prices", unit_amount=900, currency="eur", product_data={"name": "Once"})
    coupon = heard.post("coupons", percent_off="12.5", duration="forever", name="Neighbours")["id"]
    off = heard.post("coupons", amount_off=100, currency="eur", duration="repeating",
                     duration_in_months=2)["id"]  # fmt: skip
    code = heard.post("promotion_codes", promotion={"type": "coupon", "coupon": coupon})["id"]
    heard.post(f"promotion_codes/{code}", metadata={"from": "fair"})
    heard.get(f"promotion_codes/{code}")
    heard.get(f"coupons/{coupon}")
    endpoint = heard.post("webhook_endpoints", url=SHOP, enabled_events=["*"])["id"]
    heard.post(f"webhook_endpoints/{endpoint}", description="Ours", disabled=True)
    heard.get(f"webhook_endpoints/{endpoint}")
    return {"product": product, "price": price, "yearly": yearly, "extra": extra, "off": off,
            "coupon": coupon, "code": code, "endpoint": endpoint, "once": once["id"]}  # fmt: skip


def _customers(heard: Heard, shop: dict[str, str]) -> None:
    address = {"city": "Athens", "country": "GR", "line1": "Ermou 1", "postal_code": "10563"}
    eleni = heard.post(
        "customers", email="eleni@unit.example", name="Eleni", address=address,
        tax_id_data=[{"type": "eu_vat", "value": "EL094014201"}], preferred_locales=["el"],
    )["id"]  # fmt: skip
    heard.post(f"customers/{eleni}", phone="+30 210 1234567", metadata={"a": "b"}, balance=-50)
    card = heard.post("payment_methods/pm_card_visa/attach", customer=eleni)["id"]
    heard.post(f"customers/{eleni}", invoice_settings={"default_payment_method": card})
    heard.get(f"payment_methods/{card}")
    heard.get(f"customers/{eleni}/payment_methods")
    unknown = heard.post(f"customers/{eleni}/tax_ids", type="eu_vat", value="DE111111111")["id"]
    heard.get(f"customers/{eleni}/tax_ids/{unknown}")
    heard.get(f"customers/{eleni}/tax_ids")
    heard.get(f"customers/{eleni}", expand=["tax_ids", "subscriptions"])
    heard.delete(f"customers/{eleni}/tax_ids/{unknown}")
    heard.post(f"customers/{eleni}/balance_transactions", amount=-100, currency="eur")
    heard.get(f"customers/{eleni}/balance_transactions")
    heard.get("customers", email="eleni@unit.example")
    _portal(heard, eleni)
    shop["eleni"] = eleni


def _portal(heard: Heard, customer: str) -> None:
    features = {
        "customer_update": {"enabled": True, "allowed_updates": ["name", "address", "tax_id"]},
        "invoice_history": {"enabled": True},
        "payment_method_update": {"enabled": True},
    }
    profile = {"headline": "Sunny Court"}
    made = heard.post("billing_portal/configurations", features=features,
                      business_profile=profile, metadata={"a": "b"})["id"]  # fmt: skip
    heard.post(f"billing_portal/configurations/{made}", default_return_url=SHOP)
    heard.get(f"billing_portal/configurations/{made}")
    heard.get("billing_portal/configurations", active=True)
    heard.post("billing_portal/sessions", customer=customer, return_url=SHOP, configuration=made)


def _session(heard: Heard, shop: dict[str, str], **more: Any) -> str:
    items = [{"price": shop["price"], "quantity": 1}]
    buyer = {} if "customer" in more else {"customer_email": "eleni@unit.example"}
    made = heard.post("checkout/sessions", mode="subscription", success_url=f"{SHOP}done",
                      line_items=items, **buyer, **more)  # fmt: skip
    return str(made["id"])


def _sells_at_a_page(heard: Heard, shop: dict[str, str]) -> None:
    taxed = {"automatic_tax": {"enabled": True}, "billing_address_collection": "required",
             "tax_id_collection": {"enabled": True}}  # fmt: skip
    typed = {"country": "DE", "tax_id": "DE136695976", "name": "Hof GmbH"}
    for outcome in OUTCOMES:
        heard.control(f"sessions/{_session(heard, shop)}/complete", {"outcome": outcome})
    at_home = {"country": "GR", "name": "Sunny Court"}
    for buyer in (typed, at_home):
        heard.control(
            f"sessions/{_session(heard, shop, **taxed)}/complete", {"outcome": "paid"} | buyer
        )
    for ends in ("paid", "declined"):
        waiting = _session(heard, shop)
        heard.control(f"sessions/{waiting}/complete", {"outcome": "async_pending"})
        heard.control(f"sessions/{waiting}/complete", {"outcome": ends})
    heard.control(
        f"sessions/{_session(heard, shop, discounts=[{'coupon': shop['off']}])}/complete",
        {"outcome": "paid"},
    )
    known = _session(
        heard, shop, customer=shop["eleni"], customer_update={"name": "auto", "address": "auto"},
        metadata={"a": "b"}, subscription_data={"metadata": {"c": "d"}, "trial_period_days": 9,
        "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}}}, **taxed,
    )  # fmt: skip
    heard.post(f"checkout/sessions/{known}", metadata={"e": "f"})
    heard.get(f"checkout/sessions/{known}/line_items")
    heard.get(f"checkout/sessions/{known}", expand=["customer", "line_items"])
    heard.post(f"checkout/sessions/{known}/expire")
    heard.get("checkout/sessions", customer_details={"email": "eleni@unit.example"})


def _subscribes(heard: Heard, shop: dict[str, str]) -> None:
    wanted = [{"promotion_code": shop["code"]}]
    heard.post(
        "invoices/create_preview", customer=shop["eleni"], discounts=wanted,
        subscription_details={"items": [{"price": shop["price"]}]},
    )  # fmt: skip
    made = heard.subscribe(shop["price"], customer=shop["eleni"], discounts=wanted,
                           metadata={"a": "b"}, automatic_tax={"enabled": True})  # fmt: skip
    shop["main"] = made["id"]
    for more in (
        {"collection_method": "send_invoice", "days_until_due": 3},
        {"trial_period_days": 5, "description": "A try",
         "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}}},
    ):  # fmt: skip
        heard.subscribe(shop["price"], customer=heard.customer(card="")["id"], **more)
    for card in ("pm_card_chargeCustomerFail", "pm_card_authenticationRequired"):
        customer = heard.customer(card=card)["id"]
        heard.subscribe(shop["price"], customer=customer)
        heard.refuse("subscriptions", customer=customer, items=[{"price": shop["price"]}],
                     payment_behavior="error_if_incomplete")  # fmt: skip
    heard.refuse("subscriptions", customer="cus_nobody", items=[{"price": shop["price"]}])
    expanded = ["latest_invoice.payments", "customer", "default_payment_method", "discounts",
                "items.data.price.product"]  # fmt: skip
    heard.get(f"subscriptions/{shop['main']}", expand=expanded)


def _changes(heard: Heard, shop: dict[str, str]) -> None:
    path = f"subscriptions/{shop['main']}"
    item = heard.post("subscription_items", subscription=shop["main"], price=shop["extra"],
                      quantity=2, proration_behavior="always_invoice")["id"]  # fmt: skip
    heard.post(f"subscription_items/{item}", quantity=3)
    heard.get(f"subscription_items/{item}")
    heard.get("subscription_items", subscription=shop["main"])
    first = heard.get(path)["items"]["data"][0]["id"]
    change = {"items": [{"id": first, "price": shop["yearly"]}]}
    heard.post("invoices/create_preview", subscription=shop["main"], subscription_details=change)
    heard.post("invoices/create_preview", subscription=shop["main"], preview_mode="recurring")
    kept, gone = (
        heard.post("invoiceitems", customer=shop["eleni"], amount=amount, description="Setting up",
                   **more)["id"]
        for amount, more in ((700, {"subscription": shop["main"], "currency": "eur"}), (5, {}))
    )  # fmt: skip
    heard.get("invoiceitems", customer=shop["eleni"], pending=True)
    heard.delete(f"invoiceitems/{gone}")
    heard.get(f"invoiceitems/{kept}")
    heard.delete(f"subscription_items/{item}")
    heard.post(path, **change)
    heard.post(path, pause_collection={"behavior": "void"})
    heard.post(path, pause_collection="")
    heard.post(path, cancel_at_period_end=True, cancellation_details={"feedback": "too_complex"})
    heard.post(path, cancel_at_period_end=False)
    heard.post(path, collection_method="send_invoice", days_until_due=7)
    heard.post(path, collection_method="charge_automatically", discounts=[{"coupon": shop["off"]}])


def _plans_ahead(heard: Heard, shop: dict[str, str]) -> None:
    """Have schedules that are released, cancelled with their subscription, and followed to the end."""
    for ends in ("release", "cancel", ""):
        customer = heard.customer()["id"]
        made = heard.subscribe(
            shop["price"], customer=customer, discounts=[{"coupon": shop["off"]}]
        )
        schedule = heard.post("subscription_schedules", from_subscription=made["id"])
        heard.refuse("subscription_schedules", from_subscription=made["id"])
        heard.refuse(f"subscriptions/{made['id']}", cancel_at_period_end=True)
        [now] = schedule["phases"]
        item = {"price": shop["price"], "quantity": 1}
        phases = [
            {"items": [item], "start_date": now["start_date"], "end_date": now["end_date"],
             "discounts": [{"discount": now["discounts"][0]["discount"]}]},
            {"items": [item | {"price": shop["extra"]}], "proration_behavior": "none",
             "automatic_tax": {"enabled": False}, "invoice_settings": {"days_until_due": ""},
             "collection_method": "charge_automatically",
             "duration": {"interval": "month", "interval_count": 1}},
        ]  # fmt: skip
        path = f"subscription_schedules/{schedule['id']}"
        heard.post(path, phases=phases, end_behavior="release", metadata={"a": "b"},
                   proration_behavior="none")  # fmt: skip
        heard.get(path, expand=["subscription", "phases.items.price"])
        heard.get("subscription_schedules", customer=customer)
        heard.get(f"subscriptions/{made['id']}", expand=["schedule.phases.items.price"])
        heard.post("invoices/create_preview", schedule=schedule["id"])
        if ends:
            heard.post(f"{path}/{ends}")
            heard.refuse(f"{path}/{ends}")


def _loses(heard: Heard, shop: dict[str, str]) -> None:
    for status in STATUSES:
        made = heard.subscribe(shop["price"], customer=heard.customer()["id"])
        heard.control(f"subscriptions/{made['id']}", {"status": status})
        if status == "past_due":
            invoice = heard.get(f"subscriptions/{made['id']}")["latest_invoice"]
            heard.refuse(f"invoices/{invoice}/pay", payment_method="pm_card_chargeDeclined")
            heard.post(f"invoices/{invoice}/pay", off_session=False)
        if status == "unpaid":
            invoice = heard.get(f"subscriptions/{made['id']}")["latest_invoice"]
            heard.post("credit_notes", invoice=invoice, amount=900)
            heard.post(f"invoices/{invoice}/void")
        if status == "paused":
            heard.post(f"subscriptions/{made['id']}/resume")
    for what in HAPPENINGS:
        trial = {"trial_period_days": 5} if "trial" in what else {}
        made = heard.subscribe(shop["price"], customer=heard.customer()["id"], **trial)
        if what == "failed-refund":
            heard.happen(made["id"], "refund")
        heard.happen(made["id"], what)


def _gives_back(heard: Heard, shop: dict[str, str]) -> None:
    made = heard.subscribe(shop["price"], customer=heard.customer()["id"])
    invoice = heard.get(f"invoices/{made['latest_invoice']}", expand=["payments"])
    charge = heard.get("charges", customer=invoice["customer"])["data"][0]
    heard.post("refunds", charge=charge["id"], amount=100, reason="requested_by_customer")
    line = invoice["lines"]["data"][0]["id"]
    note = heard.post(
        "credit_notes", invoice=invoice["id"], refund_amount=500, credit_amount=200,
        lines=[{"type": "invoice_line_item", "invoice_line_item": line, "amount": 600},
               {"type": "custom_line_item", "description": "Sorry", "quantity": 1,
                "unit_amount": 100}],
    )["id"]  # fmt: skip
    heard.post(f"credit_notes/{note}", memo="Sorry")
    heard.get(f"credit_notes/{note}/lines")
    owing = heard.control(f"subscriptions/{made['id']}", {"status": "past_due"})["latest_invoice"]
    lessened = heard.post("credit_notes", invoice=owing, amount=900)["id"]
    heard.post(f"credit_notes/{lessened}/void")
    for ends in ("won", "lost"):
        made = heard.subscribe(shop["price"], customer=heard.customer()["id"])
        charge = heard.get("charges", customer=made["customer"])["data"][0]["id"]
        heard.control(f"charges/{charge}/dispute", {"reason": "product_not_received"})
        heard.control(f"charges/{charge}/dispute", {"status": ends})
    heard.get("invoice_payments", payment={"type": "payment_intent",
                                           "payment_intent": charge_of(heard)})  # fmt: skip


def _lives_by_a_clock(heard: Heard, shop: dict[str, str]) -> None:
    path = "test_helpers/test_clocks"
    known = heard.customer()["id"]
    clock = heard.post(path, frozen_time=heard.now + DAY, name="A year", customer=known)
    made = heard.customer(test_clock=clock["id"])["id"]
    subscription = heard.subscribe(shop["price"], customer=made, trial_period_days=5)["id"]
    heard.post("invoiceitems", customer=made, amount=700, subscription=subscription)
    heard.refuse(f"{path}/{clock['id']}/advance", frozen_time=clock["frozen_time"])
    heard.post(f"{path}/{clock['id']}/advance", frozen_time=clock["frozen_time"] + 50 * DAY)
    heard.refuse(f"customers/{made}", name="Too early")
    heard.lifecycle.catch_up()
    heard.get("customers", test_clock=clock["id"])
    heard.get("subscriptions", test_clock=clock["id"])
    heard.get(f"subscriptions/{subscription}", expand=["test_clock", "customer.test_clock"])
    heard.get(f"{path}/{clock['id']}")
    heard.get(path, limit=3)
    heard.delete(f"{path}/{clock['id']}")


def charge_of(heard: Heard) -> str:
    """Return the payment intent of the newest charge."""
    return str(heard.get("charges")["data"][0]["payment_intent"])


def _ends(heard: Heard, shop: dict[str, str]) -> None:
    heard.subscribe(shop["extra"], customer=heard.customer()["id"])
    for days in (4, 6, 33):
        heard.set_clock(days)
    made = heard.subscribe(shop["price"], customer=heard.customer()["id"])
    heard.delete(f"subscriptions/{made['id']}")
    heard.delete(f"customers/{made['customer']}")
    heard.get(f"customers/{made['customer']}")
    heard.set_clock(33 + 400_000 / DAY)


LISTED = (
    "products", "prices", "customers", "coupons", "promotion_codes", "webhook_endpoints",
    "checkout/sessions", "subscriptions", "invoices", "invoice_payments", "payment_intents",
    "charges", "refunds", "disputes", "credit_notes", "events", "tax_rates",
)  # fmt: skip
_ALONE = {"invoices", "invoice_payments", "payment_intents", "charges", "refunds", "disputes",
          "credit_notes", "events", "tax_rates"}  # fmt: skip


def _reads_all(heard: Heard) -> None:
    for kind in LISTED:
        asked = {"status": "all"} if kind == "subscriptions" else {}
        found = heard.get(kind, limit=100, **asked)["data"]
        if kind in _ALONE:
            heard.get(f"{kind}/{found[0]['id']}")
    heard.get(f"invoices/{heard.get('invoices')['data'][0]['id']}/lines")
    warning = next(event for event in heard.events() if "early_fraud" in event["type"])
    heard.get(f"radar/early_fraud_warnings/{warning['data']['object']['id']}")


def _closes_shop(heard: Heard, shop: dict[str, str]) -> None:
    heard.delete(f"webhook_endpoints/{shop['endpoint']}")
    heard.delete(f"coupons/{shop['coupon']}")
    heard.delete(f"products/{heard.post('products', name='Nothing')['id']}")
