"""Coupons, promotion codes, and what they take off an invoice."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from mock_stripe.calls import LIST_PARAMS, Call, Route, listing, page, retrieve
from mock_stripe.errors import ApiError, invalid
from mock_stripe.events import emit, put_and_emit
from mock_stripe.forms import Params
from mock_stripe.ids import new_id
from mock_stripe.periods import period_end
from mock_stripe.store import Change
from mock_stripe.table import Document, Where

_PERCENT = re.compile(r"\d{1,3}(\.\d{1,4})?")
_HUNDREDTHS = 100  # percentages are counted in hundredths of a percent: money meets no float


def _create_coupon(call: Call) -> Document:
    params = call.params
    params.only("id", "percent_off", "amount_off", "currency", "duration", "duration_in_months",
                "name", "max_redemptions", "redeem_by", "metadata", "expand")  # fmt: skip
    coupon_id = params.text("id") or new_id("cpn")[4:12]
    if call.change.get("coupon", coupon_id) is not None:
        raise invalid("id", "Coupon already exists.", code="resource_already_exists")
    duration = params.choice("duration", "forever", "once", "repeating") or "once"
    months = params.integer("duration_in_months")
    if (months is not None) != (duration == "repeating"):
        raise invalid("duration_in_months", "duration_in_months is for a duration of `repeating`.")
    coupon = {
        "id": coupon_id,
        "object": "coupon",
        **_off(params),
        "created": call.change.now,
        "duration": duration,
        "duration_in_months": months,
        "livemode": False,
        "max_redemptions": params.integer("max_redemptions"),
        "metadata": params.merged_metadata({}),
        "name": params.text("name"),
        "redeem_by": params.integer("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
    }
    emit(call.change, "coupon.created", call.change.put(coupon))
    return coupon


def _off(params: Params) -> Document:
    percent, amount = params.text("percent_off"), params.integer("amount_off")
    if (percent is None) == (amount is None):
        raise invalid("percent_off", "You must pass either amount_off or percent_off.")
    if percent is not None:
        if not _PERCENT.fullmatch(percent) or not 0 < float(percent) <= 100:
            raise invalid("percent_off", "percent_off must be between 0 and 100.")
        return {"amount_off": None, "currency": None, "percent_off": float(percent)}
    if amount is None or amount <= 0:
        raise invalid("amount_off", "Invalid positive integer")
    currency = params.required("currency").lower()
    return {"amount_off": amount, "currency": currency, "percent_off": None}


def _delete_coupon(call: Call) -> Document:
    """Nobody can use it any more; who has it keeps it, as at Stripe."""
    call.params.only()
    coupon = call.change.fetch("coupon", call.id)
    call.change.put(coupon | {"valid": False, "deleted": True})
    emit(call.change, "coupon.deleted", coupon)
    return {"id": call.id, "object": "coupon", "deleted": True}


def _retrieve_coupon(call: Call) -> Document:
    coupon = retrieve("coupon")(call)
    if coupon.get("deleted"):
        raise ApiError(404, f"No such coupon: '{call.id}'", code="resource_missing", param="coupon")
    return coupon


def _create_code(call: Call) -> Document:
    params = call.params
    params.only("promotion", "code", "active", "customer", "expires_at", "max_redemptions",
                "metadata", "expand")  # fmt: skip
    promotion = params.nested("promotion")
    promotion.only("type", "coupon")
    promotion.required("type")
    promotion.choice("type", "coupon")
    name = promotion.name_of("coupon")
    coupon = _usable_coupon(call.change, promotion.required("coupon"), param=name)
    code = params.text("code") or new_id("code")[5:13].upper()
    for other in call.change.find("promotion_code", code=code):
        if other["active"]:
            raise invalid("code", "An active promotion code with this code already exists.")
    made = {
        "id": new_id("promo"),
        "object": "promotion_code",
        "active": params.boolean("active") is not False,
        "code": code,
        "created": call.change.now,
        "customer": params.text("customer"),
        "customer_account": None,
        "expires_at": params.integer("expires_at"),
        "livemode": False,
        "max_redemptions": params.integer("max_redemptions"),
        "metadata": params.merged_metadata({}),
        "promotion": {"coupon": coupon["id"], "type": "coupon"},
        "restrictions": {
            "first_time_transaction": False,
            "minimum_amount": None,
            "minimum_amount_currency": None,
        },
        "times_redeemed": 0,
    }
    emit(call.change, "promotion_code.created", call.change.put(made))
    return made


def _update_code(call: Call) -> Document:
    call.params.only("active", "metadata", "expand")
    before = call.change.fetch("promotion_code", call.id)
    after = before | {"metadata": call.params.merged_metadata(before["metadata"])}
    if "active" in call.params:
        after["active"] = call.params.boolean("active")
    return put_and_emit(call.change, "promotion_code.updated", before, after)


def _list_codes(call: Call) -> Document:
    call.params.only(*LIST_PARAMS, "active", "code", "customer", "coupon")
    names = ("active", "code", "customer")
    where: Where = {name: {call.params.required(name)} for name in names if name in call.params}
    return page(call, "promotion_code", where)


# --- On a subscription ------------------------------------------------------------------------------


NEW = ("coupon", "promotion_code")


def given(
    change: Change, params: Params, *, subscription: str | None, customer: str | None, currency: str,
    ways: Collection[str] = (*NEW, "discount"),
) -> list[Document]:  # fmt: skip
    """Return the discounts that a call asks for, not yet written; those of before by their id."""
    for entry in params.each("discounts") if params.is_nested("discounts") else ():
        entry.only(*ways)
    return [
        _one(change, entry, subscription=subscription, customer=customer, currency=currency)
        for entry in (params.each("discounts") if params.is_nested("discounts") else ())
    ]


def _one(
    change: Change, entry: Params, *, subscription: str | None, customer: str | None, currency: str
) -> Document:
    if len(entry.names()) != 1:
        raise invalid(entry.name_of("coupon"), "You must specify one of coupon, promotion_code, "
                                               "discount.")  # fmt: skip
    if "discount" in entry:
        return change.fetch("discount", entry.required("discount"), param=entry.name_of("discount"))
    code = None
    name = entry.name_of(entry.names()[0])
    if "promotion_code" in entry:
        code = _usable_code(change, entry.required("promotion_code"), param=name)
    coupon_id = code["promotion"]["coupon"] if code else entry.required("coupon")
    coupon = _usable_coupon(change, coupon_id, param=name)
    if coupon["currency"] not in {None, currency}:
        raise invalid(name, f"This coupon is in {coupon['currency']}, the charge in {currency}.")
    return _discount(change, coupon, code, subscription=subscription, customer=customer)


def of_code(change: Change, code: str, *, customer: str | None, currency: str) -> Document:
    """Return the discount of a code that somebody typed, not yet written; a wrong one is refused."""
    for found in change.find("promotion_code"):
        given = Params({"promotion_code": found["id"]})
        named = found["code"].upper() == code.strip().upper()
        if named and found["active"] and found["customer"] in {None, customer}:
            return _one(change, given, subscription=None, customer=customer, currency=currency)
    raise ApiError(400, "This code is invalid.", code="promotion_code_invalid", kept=True)


def _usable_coupon(change: Change, coupon_id: str, *, param: str) -> Document:
    coupon = change.get("coupon", coupon_id)
    if coupon is None or coupon.get("deleted"):
        raise ApiError(400, f"No such coupon: '{coupon_id}'", code="resource_missing", param=param)
    most, until = coupon["max_redemptions"], coupon["redeem_by"]
    if (most is not None and coupon["times_redeemed"] >= most) or (
        until is not None and until <= change.now
    ):
        raise ApiError(400, f"Coupon expired: {coupon_id}", code="coupon_expired", param=param)
    return coupon


def _usable_code(change: Change, code_id: str, *, param: str) -> Document:
    code = change.fetch("promotion_code", code_id, param=param)
    most, until = code["max_redemptions"], code["expires_at"]
    spent = most is not None and code["times_redeemed"] >= most
    if not code["active"] or spent or (until is not None and until <= change.now):
        raise invalid(param, "This promotion code is not active.")
    return code


def _discount(
    change: Change,
    coupon: Document,
    code: Document | None,
    *,
    subscription: str | None,
    customer: str | None,
) -> Document:
    end = None
    if coupon["duration"] == "repeating":
        count = {"interval": "month", "interval_count": coupon["duration_in_months"]}
        end = period_end(change.now, anchor=change.now, recurring=count)
    return {
        "id": new_id("di"),
        "object": "discount",
        "checkout_session": None,
        "customer": customer,
        "customer_account": None,
        "end": end,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": code["id"] if code else None,
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": change.now,
        "subscription": subscription,
        "subscription_item": None,
    }


def redeemed(change: Change, params: Params, subscription: Document) -> list[str]:
    """Write the discounts that a call asks for on a subscription, and return their ids."""
    wanted = given(
        change,
        params,
        subscription=subscription["id"],
        customer=subscription["customer"],
        currency=subscription["currency"],
    )
    return redeem(change, wanted)


def redeem(change: Change, discounts: list[Document], **belongs: str | None) -> list[str]:
    """Write discounts, count those that are new as redeemed, and return their ids."""
    for discount in discounts:
        if change.get("discount", discount["id"]) is None:
            _count(change, "coupon", discount["source"]["coupon"])
            _count(change, "promotion_code", discount["promotion_code"])
        change.put(discount | belongs)
    return [discount["id"] for discount in discounts]


def _count(change: Change, kind: str, object_id: str | None) -> None:
    found = change.get(kind, object_id)
    if found is not None:
        change.put(found | {"times_redeemed": found["times_redeemed"] + 1})


# --- On an invoice ----------------------------------------------------------------------------------


def taken_off(
    change: Change, lines: list[Document], discounts: list[Document], *, at: int
) -> tuple[list[Document], list[Document]]:
    """Return the lines with what each discount takes off them, and the sum of each discount."""
    totals: list[Document] = []
    for discount in discounts:
        if discount["end"] is not None and discount["end"] <= at:
            continue
        coupon = change.fetch("coupon", discount["source"]["coupon"])
        shares = list(_shares(coupon, [_left(line) for line in lines]))
        lines = [
            _with_share(line, discount["id"], share)
            for line, share in zip(lines, shares, strict=True)
        ]
        totals.append({"amount": sum(shares), "discount": discount["id"]})
    return lines, totals


def percent_of(amount: int, coupon: Document) -> int:
    """Return what a coupon's percentage takes off an amount, half up."""
    share: int = round(coupon["percent_off"] * _HUNDREDTHS)
    return (2 * amount * share + 100 * _HUNDREDTHS) // (2 * 100 * _HUNDREDTHS)


def _left(line: Document) -> int:
    already = sum(each["amount"] for each in line["discount_amounts"])
    return int(line["amount"]) - already if line["discountable"] else 0


def _with_share(line: Document, discount_id: str, share: int) -> Document:
    taken = [*line["discount_amounts"], {"amount": share, "discount": discount_id}]
    return line | {"discount_amounts": taken, "discounts": [each["discount"] for each in taken]}


def _shares(coupon: Document, amounts: list[int]) -> Iterator[int]:
    if coupon["percent_off"] is not None:
        yield from (percent_of(amount, coupon) for amount in amounts)
        return
    # A fixed amount goes to what costs something, in order, and never below nothing.
    left = int(coupon["amount_off"])
    for amount in amounts:
        share = min(left, max(0, amount))
        left -= share
        yield share


def left_after(change: Change, subscription: Document, invoice: Document) -> list[str]:
    """Return the discounts that a subscription keeps after an invoice: those of once are spent."""
    used = {each["discount"] for each in invoice["total_discount_amounts"] if each["amount"]}
    return [each for each in subscription["discounts"] if not _is_spent(change, each, used)]


def lasting(change: Change, subscription: Document) -> Document:
    """Return a subscription with what is taken off each period alone, for its recurring preview."""
    kept = [
        each for each in subscription["discounts"] if _coupon_of(change, each)["duration"] != "once"
    ]
    return subscription | {"discounts": kept}


def _coupon_of(change: Change, discount_id: str) -> Document:
    discount = change.fetch("discount", discount_id)
    return change.fetch("coupon", discount["source"]["coupon"])


def _is_spent(change: Change, discount_id: str, used: set[str]) -> bool:
    return discount_id in used and _coupon_of(change, discount_id)["duration"] == "once"


ROUTES: list[Route] = [
    ("POST", "/v1/coupons", _create_coupon),
    ("GET", "/v1/coupons", listing("coupon")),
    ("GET", "/v1/coupons/<id>", _retrieve_coupon),
    ("DELETE", "/v1/coupons/<id>", _delete_coupon),
    ("POST", "/v1/promotion_codes", _create_code),
    ("GET", "/v1/promotion_codes", _list_codes),
    ("GET", "/v1/promotion_codes/<id>", retrieve("promotion_code")),
    ("POST", "/v1/promotion_codes/<id>", _update_code),
]
