"""Money that goes back: refunds, and disputes that a customer's bank opens."""

from __future__ import annotations

from mock_stripe.calls import Call, Route, listing, retrieve
from mock_stripe.errors import ApiError, invalid, missing_parameter
from mock_stripe.events import emit, put_and_emit
from mock_stripe.ids import new_id
from mock_stripe.store import Change
from mock_stripe.table import Document

_DAY = 86_400


def _create(call: Call) -> Document:
    params = call.params
    params.only("charge", "payment_intent", "amount", "reason", "metadata", "expand")
    charge = _charge_to_refund(call)
    left = charge["amount"] - charge["amount_refunded"]
    amount = params.integer("amount") if "amount" in params else left
    if left == 0:
        raise ApiError(
            400, f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if amount is None or not 0 < amount <= left:
        raise invalid(
            "amount", f"Refund amount ({amount}) is not between 1 and the {left} that are left."
        )
    reason = params.choice("reason", "duplicate", "fraudulent", "requested_by_customer")
    metadata = params.merged_metadata({})
    return refund(call.change, charge, amount, reason=reason, metadata=metadata)


def refund(
    change: Change,
    charge: Document,
    amount: int,
    *,
    reason: str | None,
    metadata: Document | None = None,
) -> Document:
    """Give back so much of a charge, of which at least that much is left."""
    given = _refund(change, charge, amount) | {"metadata": metadata or {}, "reason": reason}
    emit(change, "refund.created", change.put(given))
    refunded = charge["amount_refunded"] + amount
    put_and_emit(
        change,
        "charge.refunded",
        charge,
        charge | {"amount_refunded": refunded, "refunded": refunded == charge["amount"]},
    )
    return given


def _charge_to_refund(call: Call) -> Document:
    change, params = call.change, call.params
    if "charge" in params:
        charge = change.fetch("charge", params.required("charge"), param="charge")
    elif "payment_intent" in params:
        intent = change.fetch(
            "payment_intent", params.required("payment_intent"), param="payment_intent"
        )
        if intent["latest_charge"] is None:
            raise invalid("payment_intent", "This PaymentIntent does not have a charge to refund.")
        charge = change.fetch("charge", intent["latest_charge"])
    else:
        raise missing_parameter("charge")
    if not charge["paid"]:
        raise invalid("charge", f"Charge {charge['id']} was not paid and cannot be refunded.")
    return charge


def _refund(change: Change, charge: Document, amount: int) -> Document:
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": new_id("txn"),
        "charge": charge["id"],
        "created": change.real,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def open_dispute(change: Change, charge: Document, *, reason: str) -> Document:
    """Dispute a charge, as a customer does at the bank."""
    change.put(charge | {"disputed": True})
    dispute = {
        "id": new_id("du"),
        "object": "dispute",
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": change.real,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": change.real + 7 * _DAY,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": None,
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {"brand": "visa", "case_type": "chargeback", "network": "visa"},
            "type": "card",
        },
        "reason": reason,
        "status": "needs_response",
    }  # fmt: skip
    emit(change, "charge.dispute.created", change.put(dispute))
    return dispute


def close_dispute(change: Change, dispute: Document, *, status: str) -> Document:
    """End a dispute as `won` or `lost`."""
    return put_and_emit(change, "charge.dispute.closed", dispute, dispute | {"status": status})


def fail(change: Change, charge: Document, given: Document) -> Document:
    """Let a refund come back, as one to a closed account does: the money is with the shop again."""
    failed = given | {
        "failure_balance_transaction": new_id("txn"),
        "failure_reason": "expired_or_canceled_card",
        "status": "failed",
    }
    back = charge["amount_refunded"] - given["amount"]
    change.put(charge | {"amount_refunded": back, "refunded": False})
    emit(change, "refund.failed", change.put(failed))
    return failed


def warn_of_fraud(change: Change, charge: Document) -> Document:
    """Have the card's issuer say that a charge may not be its owner's."""
    warning = {
        "id": new_id("issfr"),
        "object": "radar.early_fraud_warning",
        "actionable": True,
        "charge": charge["id"],
        "created": change.real,
        "fraud_type": "unauthorized_use_of_card",
        "livemode": False,
        "payment_intent": charge["payment_intent"],
    }
    emit(change, "radar.early_fraud_warning.created", change.put(warning))
    return warning


ROUTES: list[Route] = [
    ("POST", "/v1/refunds", _create),
    ("GET", "/v1/refunds", listing("refund", "charge", "payment_intent")),
    ("GET", "/v1/refunds/<id>", retrieve("refund")),
    ("GET", "/v1/radar/early_fraud_warnings/<id>", retrieve("radar.early_fraud_warning")),
    ("GET", "/v1/disputes", listing("dispute", "charge", "payment_intent")),
    ("GET", "/v1/disputes/<id>", retrieve("dispute")),
]
