"""Subscription schedules as the API makes, changes, releases and cancels them.

Made from a subscription alone, and for changes of later phases: what Stripe does at once to the phase
that runs, a change of the subscription does as well.
https://docs.stripe.com/billing/subscriptions/subscription-schedules
"""

from __future__ import annotations

from mock_stripe import scheduled_phases
from mock_stripe.calls import Call, Route, listing, retrieve
from mock_stripe.cancellation import cancel_now
from mock_stripe.catalogue import fetch_recurring
from mock_stripe.errors import ApiError, invalid, missing_parameter
from mock_stripe.events import emit, put_and_emit
from mock_stripe.forms import Params
from mock_stripe.ids import new_id
from mock_stripe.lines import items_of
from mock_stripe.periods import period_end
from mock_stripe.store import Change
from mock_stripe.table import Document

_CREATED, _CANCELED = "subscription_schedule.created", "subscription_schedule.canceled"
_DONE = {"update": "updated", "release": "released", "cancel": "canceled"}
_PHASE_PARAMS = (
    "items", "start_date", "end_date", "duration", "discounts", "metadata", "proration_behavior",
    "collection_method", "default_payment_method", "description", "automatic_tax", "trial_end",
    "currency", "invoice_settings", "default_tax_rates",
)  # fmt: skip


def _create(call: Call) -> Document:
    change, params = call.change, call.params
    if "from_subscription" not in params:
        raise missing_parameter("from_subscription")
    beside = set(params.names()) - {"from_subscription", "expand"}
    if beside:
        raise invalid(min(beside), f"You cannot set `{min(beside)}` if `from_subscription` is set.")
    params.only("from_subscription", "expand")
    name = "from_subscription"
    before = change.fetch("subscription", params.required(name), param=name)
    if before["ended_at"] is not None:
        raise invalid(
            name,
            "You cannot migrate a subscription that is currently in the "
            f"`{before['status']}` status.",
        )
    if before["schedule"]:
        raise invalid(
            name,
            "You cannot migrate a subscription that is already attached to a schedule: "
            f"`{before['schedule']}`.",
        )
    made = change.put(_from(change, before))
    after = before | {"schedule": made["id"]}
    put_and_emit(change, "customer.subscription.updated", before, after)
    emit(change, _CREATED, made)
    return made


def _from(change: Change, subscription: Document) -> Document:
    first = items_of(subscription)[0]
    times = {"start_date": first["current_period_start"], "end_date": first["current_period_end"]}
    discounts = [_discount(each) for each in subscription["discounts"]]
    phase = _phase(
        subscription,
        items=scheduled_phases.current_items(subscription),
        discounts=discounts,
        trial_end=subscription["trial_end"] if subscription["status"] == "trialing" else None,
        **times,
    )
    return {
        "id": new_id("sub_sched"),
        "object": "subscription_schedule",
        "application": None,
        "billing_mode": subscription["billing_mode"],
        "canceled_at": None,
        "completed_at": None,
        "created": change.now,
        "current_phase": times,
        "customer": subscription["customer"],
        "customer_account": None,
        "default_settings": _defaults(subscription),
        "end_behavior": "release" if subscription["cancel_at"] is None else "cancel",
        "livemode": False,
        "metadata": {},
        "pause_schedules": [],
        "phases": [phase],
        "released_at": None,
        "released_subscription": None,
        "status": "active",
        "subscription": subscription["id"],
        "test_clock": None,
    }


def _defaults(subscription: Document) -> Document:
    return {
        "application_fee_percent": None,
        "automatic_tax": subscription["automatic_tax"],
        "billing_cycle_anchor": "automatic",
        "billing_thresholds": None,
        "collection_method": subscription["collection_method"],
        "default_payment_method": subscription["default_payment_method"],
        "description": subscription["description"],
        "invoice_settings": {
            "account_tax_ids": None,
            "days_until_due": subscription["days_until_due"],
            "issuer": {"type": "self"},
        },
        "on_behalf_of": None,
        "transfer_data": None,
    }


def _discount(discount_id: str) -> Document:
    return {"coupon": None, "discount": discount_id, "promotion_code": None}


def _phase(subscription: Document, **fields: object) -> Document:
    return {
        "add_invoice_items": [],
        "application_fee_percent": None,
        "billing_cycle_anchor": None,
        "billing_thresholds": None,
        "collection_method": None,
        "currency": subscription["currency"],
        "default_payment_method": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "invoice_settings": None,
        "metadata": {},
        "on_behalf_of": None,
        "proration_behavior": "create_prorations",
        "transfer_data": None,
        "trial_end": None,
        **fields,
    }


def _update(call: Call) -> Document:
    change, params = call.change, call.params
    params.only("phases", "end_behavior", "metadata", "proration_behavior", "expand")
    before = _open(change, call.id, "update")
    params.choice("proration_behavior", "always_invoice", "create_prorations", "none")
    ends = params.choice("end_behavior", "cancel", "none", "release", "renew")
    if ends not in {None, "release"}:
        raise invalid("end_behavior", "The mock's schedules release their subscription.")
    after = before | {
        "end_behavior": ends or before["end_behavior"],
        "metadata": params.merged_metadata(before["metadata"]),
    }
    if "phases" in params:
        after["phases"] = _phases(change, params, before)
        first = after["phases"][0]
        after["current_phase"] = {name: first[name] for name in ("start_date", "end_date")}
    return put_and_emit(change, scheduled_phases.UPDATED, before, after)


def _phases(change: Change, params: Params, schedule: Document) -> list[Document]:
    subscription = change.fetch("subscription", schedule["subscription"])
    phases: list[Document] = []
    for given in params.each("phases"):
        given.only(*_PHASE_PARAMS)
        began = phases[-1]["end_date"] if phases else None
        phases.append(_given_phase(change, given, subscription, began=began))
    _check_current(phases, schedule, subscription)
    return phases


def _check_current(phases: list[Document], schedule: Document, subscription: Document) -> None:
    if not phases:
        raise invalid("phases", "A schedule has at least one phase.")
    if phases[0]["start_date"] != schedule["current_phase"]["start_date"]:
        raise invalid("phases[0][start_date]", "You can not modify the start date of the current "
                                               "phase.")  # fmt: skip
    terms = [_terms(items) for items in (
        phases[0]["items"], scheduled_phases.current_items(subscription)
    )]  # fmt: skip
    if terms[0] != terms[1]:
        raise invalid("phases[0][items]", "The mock changes later phases alone.")


def _terms(items: list[Document]) -> set[tuple[str, int]]:
    return {(item["price"], item["quantity"]) for item in items}


def _given_phase(
    change: Change, given: Params, subscription: Document, *, began: int | None
) -> Document:
    items = [_given_item(change, each, subscription) for each in given.each("items")]
    if not items:
        raise missing_parameter(given.name_of("items"))
    start = given.integer("start_date")
    if start is None and began is None:
        raise missing_parameter(given.name_of("start_date"))
    if began is not None and start not in {None, began}:
        raise invalid(given.name_of("start_date"), "Each phase begins where the one before ends.")
    start = began if start is None else start
    behaviours = ("always_invoice", "create_prorations", "none")
    tax = given.nested("automatic_tax")
    tax.only("enabled")
    settings = given.nested("invoice_settings")
    settings.only("days_until_due")
    return _phase(
        subscription,
        collection_method=given.choice("collection_method", "charge_automatically", "send_invoice"),
        default_payment_method=given.text("default_payment_method"),
        description=given.text("description"),
        discounts=[_given_discount(change, each) for each in given.each("discounts")],
        end_date=_end(change, given, items, start or 0),
        items=items,
        metadata=given.merged_metadata({}),
        proration_behavior=given.choice("proration_behavior", *behaviours) or behaviours[1],
        start_date=start,
        trial_end=given.integer("trial_end"),
    )


def _given_item(change: Change, given: Params, subscription: Document) -> Document:
    given.only("price", "quantity", "discounts", "metadata", "tax_rates")
    name = given.name_of("price")
    price = fetch_recurring(change, given.required("price"), param=name)
    if price["currency"] != subscription["currency"]:
        raise invalid(name, "Currency and interval fields must match across all plans.")
    quantity = given.integer("quantity")
    return scheduled_phases.phase_item(price["id"], 1 if quantity is None else quantity)


def _given_discount(change: Change, given: Params) -> Document:
    given.only("coupon", "discount", "promotion_code")
    name = "discount"
    return _discount(change.fetch(name, given.required(name), param=given.name_of(name))["id"])


def _end(change: Change, given: Params, items: list[Document], start: int) -> int:
    end = given.integer("end_date")
    if end is not None and "duration" in given:
        raise invalid(given.name_of("end_date"), "You may only specify one of these: end_date, "
                                                 "duration.")  # fmt: skip
    if end is None:
        lasts = given.nested("duration")
        lasts.only("interval", "interval_count")
        recurring = change.fetch("price", items[0]["price"])["recurring"]
        if "duration" in given:
            interval = lasts.choice("interval", "day", "month", "week", "year")
            recurring = {
                "interval": interval or lasts.required("interval"),
                "interval_count": lasts.integer("interval_count") or 1,
            }
        end = period_end(start, anchor=start, recurring=recurring)
    if end <= start:
        raise invalid(given.name_of("end_date"), "A phase ends after it begins.")
    return end


def _release(call: Call) -> Document:
    call.params.only("preserve_cancel_date", "expand")
    schedule = _open(call.change, call.id, "release")
    subscription = call.change.fetch("subscription", schedule["subscription"])
    return scheduled_phases.release(call.change, schedule, subscription=subscription)


def _cancel(call: Call) -> Document:
    call.params.only("invoice_now", "prorate", "expand")
    schedule = _open(call.change, call.id, "cancel")
    subscription = call.change.fetch("subscription", schedule["subscription"])
    cancel_now(call.change, subscription, reason="cancellation_requested")
    return call.change.fetch("subscription_schedule", schedule["id"])


def _open(change: Change, schedule_id: str, verb: str) -> Document:
    schedule = change.fetch("subscription_schedule", schedule_id)
    if schedule["status"] not in scheduled_phases.OPEN:
        raise ApiError(
            400,
            f"You cannot {verb} a subscription schedule that is currently in the "
            f"`{schedule['status']}` status. It must be in `not_started`, `active` status to be "
            f"{_DONE[verb]}.",
        )
    return schedule


ROUTES: list[Route] = [
    ("GET", "/v1/subscription_schedules", listing("subscription_schedule", "customer")),
    ("POST", "/v1/subscription_schedules", _create),
    ("GET", "/v1/subscription_schedules/<id>", retrieve("subscription_schedule")),
    ("POST", "/v1/subscription_schedules/<id>", _update),
    ("POST", "/v1/subscription_schedules/<id>/release", _release),
    ("POST", "/v1/subscription_schedules/<id>/cancel", _cancel),
]
