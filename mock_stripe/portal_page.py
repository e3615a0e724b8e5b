"""The billing portal's page: what its configuration switches on, and nothing else."""

from __future__ import annotations

from markupsafe import Markup

from mock_stripe import markup, portal_cards, tax_ids, transitions
from mock_stripe.errors import ApiError
from mock_stripe.events import put_and_emit
from mock_stripe.forms import Params
from mock_stripe.lines import items_of
from mock_stripe.portal_configurations import KIND
from mock_stripe.store import Change
from mock_stripe.table import Document

Form = dict[str, str]
# What is typed for each of the updates that a configuration may allow.
_FIELDS = {"name": "Name", "email": "E-mail", "address": "Country", "tax_id": "VAT number",
           "phone": "Phone"}  # fmt: skip


def shown(change: Change, session: Document) -> Markup:
    """Return a customer's subscriptions, invoices and details, each with what can be done to it."""
    features = _features(change, session)
    customer = change.fetch("customer", session["customer"])
    products = {product["id"]: product["name"] for product in change.find("product")}
    body = markup.portal(
        change.find("subscription", customer=customer["id"]),
        products,
        may_cancel=features["subscription_cancel"]["enabled"],
    )
    if features["payment_method_update"]["enabled"]:
        body += markup.form([("card", "Use another card")], {})
    if features["customer_update"]["enabled"]:
        allowed = features["customer_update"]["allowed_updates"]
        asked = [(each, _FIELDS[each], _known(customer, each)) for each in allowed]
        body += markup.form([("details", "Save")], {}, asked=markup.inputs(asked))
    if features["invoice_history"]["enabled"]:
        bills = [each for each in change.find("invoice", customer=customer["id"]) if each["number"]]
        body += markup.links([(each["hosted_invoice_url"], each["number"]) for each in bills])
    return body + markup.way(session["return_url"], "Return")


def decide(change: Change, session: Document, form: Form) -> None:
    """Do what the pressed button says; 403 for what is not switched on, or somebody else's."""
    action = form.get("action", "")
    features = _features(change, session)
    customer = change.fetch("customer", session["customer"])
    if action == "card":
        _need(features, "payment_method_update")
        portal_cards.use_another(change, customer)
    elif action == "details":
        _need(features, "customer_update")
        _save(change, customer, form, features["customer_update"]["allowed_updates"])
    else:
        subscription = change.fetch("subscription", form.get("subscription", ""))
        if subscription["customer"] != customer["id"]:
            raise ApiError(403, "That subscription is somebody else's.")
        if action in {"cancel", "resume"}:
            _need(features, "subscription_cancel")
        _decide(change, subscription, action)


def _features(change: Change, session: Document) -> Document:
    features: Document = change.fetch(KIND, session["configuration"])["features"]
    return features


def _need(features: Document, name: str) -> None:
    if not features[name]["enabled"]:
        raise ApiError(403, f"{name} is not switched on in this portal.")


def _known(customer: Document, field: str) -> str:
    if field == "address":
        return str((customer["address"] or {}).get("country") or "")
    return str(customer.get(field) or "")


def _save(change: Change, customer: Document, form: Form, allowed: list[str]) -> None:
    after = customer | {
        name: form[name] or None
        for name in allowed
        if name in form and name in {"name", "email", "phone"}
    }
    if "address" in allowed and form.get("address"):
        after["address"] = (customer["address"] or {}) | {"country": form["address"]}
    put_and_emit(change, "customer.updated", customer, after)
    if "tax_id" in allowed and form.get("tax_id"):
        given = Params({"type": "eu_vat", "value": form["tax_id"]})
        tax_ids.add(change, customer["id"], given)


def _decide(change: Change, subscription: Document, action: str) -> None:
    if subscription["ended_at"] is not None:
        raise ApiError(409, "This subscription has ended.")
    if action == "fail":
        transitions.move(change, subscription, "past_due")
    elif action == "recover":
        transitions.move(change, subscription, "active")
    elif action in {"cancel", "resume"}:
        leaving = action == "cancel"
        end = max(item["current_period_end"] for item in items_of(subscription))
        after = subscription | {
            "cancel_at": end if leaving else None,
            "cancel_at_period_end": leaving,
            "canceled_at": change.now if leaving else None,
        }
        put_and_emit(change, transitions.UPDATED, subscription, after)
    else:
        raise ApiError(400, f"There is no button {action!r}.")
