"""Credit notes: an invoice lessened after it was finalized, with the money given back or credited."""

from __future__ import annotations

from mock_stripe import invoices, taxes
from mock_stripe.calls import PAGE_PARAMS, Call, Route, list_object, listing, retrieve
from mock_stripe.errors import ApiError, invalid
from mock_stripe.events import emit, put_and_emit
from mock_stripe.expansion import NOTES
from mock_stripe.forms import Params
from mock_stripe.ids import new_id
from mock_stripe.refunds import refund
from mock_stripe.store import Change
from mock_stripe.table import Document

_REASONS = ("duplicate", "fraudulent", "order_change", "product_unsatisfactory")
_REFUND_REASONS = {"duplicate": "duplicate", "fraudulent": "fraudulent"}
_WAYS = ("refund_amount", "credit_amount", "out_of_band_amount")


def _create(call: Call) -> Document:
    change, params = call.change, call.params
    params.only("invoice", "amount", "lines", "reason", "memo", "metadata", "effective_at",
                "email_type", "expand", *_WAYS)  # fmt: skip
    invoice = change.fetch("invoice", params.required("invoice"), param="invoice")
    if invoice["status"] not in {"open", "paid"}:
        raise invalid("invoice", "You can only create credit notes for open and paid invoices.")
    lines = _lines(params, invoice)
    amount = sum(line["amount"] for line in lines)
    left = invoice["total"] - _credited(invoice)
    if not 0 < amount <= left:
        raise invalid("amount", f"The amount of the credit note ({amount}) must be greater than "
                                f"zero and at most what is left of the invoice ({left}).")  # fmt: skip
    note = _blank(call, invoice, lines, amount)
    note = _before_payment(change, note, invoice) if invoice["status"] == "open" else (
        _after_payment(call, note, invoice)
    )  # fmt: skip
    emit(change, "credit_note.created", note)
    return note


def _credited(invoice: Document) -> int:
    return int(
        invoice["pre_payment_credit_notes_amount"] + invoice["post_payment_credit_notes_amount"]
    )


def _lines(params: Params, invoice: Document) -> list[Document]:
    if "lines" in params:
        return [_line(given, invoice) for given in params.each("lines")]
    amount = params.integer("amount")
    if amount is None:
        raise invalid("amount", "You must specify either `amount` or `lines`.")
    return [_blank_line("Credit", amount)]


def _line(given: Params, invoice: Document) -> Document:
    given.only("type", "invoice_line_item", "amount", "quantity", "unit_amount", "description")
    kind = given.choice("type", "invoice_line_item", "custom_line_item")
    if kind == "custom_line_item":
        each = (given.integer("unit_amount") or 0) * (given.integer("quantity") or 1)
        return _blank_line(given.required("description"), each)
    wanted = given.required("invoice_line_item")
    for line in invoice["lines"]["data"]:
        if line["id"] == wanted:
            part = given.integer("amount") if "amount" in given else line["amount"]
            own = {"invoice_line_item": wanted, "type": "invoice_line_item"}
            return _blank_line(line["description"], int(part or 0)) | own
    raise invalid(given.name_of("invoice_line_item"), f"No such line of the invoice: '{wanted}'")


def _before_payment(change: Change, note: Document, invoice: Document) -> Document:
    """Lessen what is due; an invoice of which nothing is left is paid by that."""
    amount = note["amount"]
    after = invoice | {
        "amount_due": invoice["amount_due"] - amount,
        "amount_remaining": invoice["amount_remaining"] - amount,
        "pre_payment_credit_notes_amount": invoice["pre_payment_credit_notes_amount"] + amount,
    }
    put_and_emit(change, "invoice.updated", invoice, after)
    note = change.put(note | {"pre_payment_amount": amount, "type": "pre_payment"})
    if after["amount_remaining"] <= 0:
        invoices.settle(change, change.fetch("invoice", after["id"]), None)
    return note


def _after_payment(call: Call, note: Document, invoice: Document) -> Document:
    """Give the money back, credit it to the customer, or note that it went another way."""
    change, amount = call.change, note["amount"]
    ways = {name: call.params.integer(name) or 0 for name in _WAYS}
    if sum(ways.values()) != amount:
        raise invalid(
            "amount",
            "The sum of credit amount, refund amount and out of band amount must equal the credit "
            f"note amount ({amount}) for a paid invoice.",
        )
    back = ways["refund_amount"]
    refunds = [_given_back(change, invoice, back, note["reason"])] if back else []
    if credit := ways["credit_amount"]:
        customer = change.fetch("customer", invoice["customer"])
        after = customer | {"balance": customer.get("balance", 0) - credit}
        put_and_emit(change, "customer.updated", customer, after)
    sum_ = invoice["post_payment_credit_notes_amount"] + amount
    after = invoice | {"post_payment_credit_notes_amount": sum_}
    put_and_emit(change, "invoice.updated", invoice, after)
    return change.put(
        note
        | {
            "out_of_band_amount": ways["out_of_band_amount"] or None,
            "post_payment_amount": amount,
            "refunds": refunds,
            "type": "post_payment",
        }
    )


def _given_back(change: Change, invoice: Document, amount: int, reason: str | None) -> Document:
    charge = _charge_of(change, invoice)
    if amount > charge["amount"] - charge["amount_refunded"]:
        raise invalid("refund_amount", "The refund is more than what is left of the payment.")
    made = refund(change, charge, amount, reason=_REFUND_REASONS.get(reason or ""))
    return {"amount_refunded": amount, "payment_record_refund": None, "refund": made["id"],
            "type": "refund"}  # fmt: skip


def _charge_of(change: Change, invoice: Document) -> Document:
    for payment in change.find("invoice_payment", invoice=invoice["id"], status="paid"):
        intent = change.fetch("payment_intent", payment["payment"]["payment_intent"])
        return change.fetch("charge", intent["latest_charge"])
    raise invalid("refund_amount", "This invoice was paid by nothing that could be refunded.")


def _void(call: Call) -> Document:
    call.params.only("expand")
    change = call.change
    note = change.fetch("credit_note", call.id)
    if note["status"] == "void":
        raise ApiError(400, "This credit note has been voided already.")
    invoice = change.fetch("invoice", note["invoice"])
    if note["type"] != "pre_payment" or invoice["status"] != "open":
        raise ApiError(400, "You can only void credit notes about open invoices.")
    amount = note["amount"]
    after = invoice | {
        "amount_due": invoice["amount_due"] + amount,
        "amount_remaining": invoice["amount_remaining"] + amount,
        "pre_payment_credit_notes_amount": invoice["pre_payment_credit_notes_amount"] - amount,
    }
    put_and_emit(change, "invoice.updated", invoice, after)
    note = change.put(note | {"status": "void", "voided_at": change.now})
    emit(change, "credit_note.voided", note)
    return note


def _update(call: Call) -> Document:
    call.params.only("memo", "metadata", "expand")
    before = call.change.fetch("credit_note", call.id)
    after = before | {"metadata": call.params.merged_metadata(before["metadata"])}
    if "memo" in call.params:
        after["memo"] = call.params.text("memo")
    return put_and_emit(call.change, "credit_note.updated", before, after)


def _all_lines(call: Call) -> Document:
    call.params.only(*PAGE_PARAMS)
    note = call.change.fetch("credit_note", call.id)
    return list_object(note["lines"]["data"], url=call.url)


def _blank(call: Call, invoice: Document, lines: list[Document], amount: int) -> Document:
    change, params = call.change, call.params
    note_id = new_id("cn")
    before = invoice.get(NOTES, {}).get("credit_notes", 0)
    invoice[NOTES] = invoice.get(NOTES, {}) | {"credit_notes": before + 1}
    back = taxes.part_of(invoice, amount)
    net = amount - sum(tax["amount"] for tax in back)
    return {
        "id": note_id,
        "object": "credit_note",
        "amount": amount,
        "amount_shipping": 0,
        "created": change.now,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "customer_account": None,
        "customer_balance_transaction": None,
        "discount_amount": 0,
        "discount_amounts": [],
        "effective_at": params.integer("effective_at") or change.now,
        "invoice": invoice["id"],
        "lines": list_object(lines, url=f"/v1/credit_notes/{note_id}/lines"),
        "livemode": False,
        "memo": params.text("memo"),
        "metadata": params.merged_metadata({}),
        "number": f"{invoice['number']}-CN-{before + 1:02d}",
        "out_of_band_amount": None,
        "pdf": f"{change.public_url}/credit_note/{note_id}/pdf",
        "post_payment_amount": 0,
        "pre_payment_amount": 0,
        "pretax_credit_amounts": [],
        "reason": params.choice("reason", *_REASONS),
        "refunds": [],
        "shipping_cost": None,
        "status": "issued",
        "subtotal": amount,
        "subtotal_excluding_tax": net,
        "total": amount,
        "total_excluding_tax": net,
        "total_taxes": back,
        "voided_at": None,
    }


def _blank_line(description: str, amount: int) -> Document:
    return {
        "id": new_id("cnli"),
        "object": "credit_note_line_item",
        "amount": amount,
        "description": description,
        "discount_amount": 0,
        "discount_amounts": [],
        "invoice_line_item": None,
        "livemode": False,
        "metadata": {},
        "pretax_credit_amounts": [],
        "quantity": 1,
        "tax_rates": [],
        "taxes": [],
        "type": "custom_line_item",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }


ROUTES: list[Route] = [
    ("POST", "/v1/credit_notes", _create),
    ("GET", "/v1/credit_notes", listing("credit_note", "invoice", "customer")),
    ("GET", "/v1/credit_notes/<id>", retrieve("credit_note")),
    ("POST", "/v1/credit_notes/<id>", _update),
    ("GET", "/v1/credit_notes/<id>/lines", _all_lines),
    ("POST", "/v1/credit_notes/<id>/void", _void),
]
