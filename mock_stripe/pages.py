"""The pages: pay for a checkout session or an invoice, and look after a subscription in the portal."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from mock_stripe import bills, clocks, front, invoices, markup, portal_page, resumption, transitions
from mock_stripe.completion import NOBODY, Typed, complete
from mock_stripe.delivery import Courier
from mock_stripe.errors import ApiError, no_such
from mock_stripe.expansion import NOTES
from mock_stripe.happenings import happen
from mock_stripe.lifecycle import Lifecycle
from mock_stripe.store import Change, Store
from mock_stripe.table import Document

# How long Stripe's own page waits for the shop to take the event before it sends the buyer back.
_WAIT_SECONDS = 10
_SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action *",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, kw_only=True)
class Pages:
    """Answers browsers."""

    store: Store
    courier: Courier
    lifecycle: Lifecycle

    def respond(self, request: Request) -> Response:
        """Answer one request of a browser."""
        try:
            name, ids = _MAP.bind("mock").match(request.path, method=request.method)
            response: Response = getattr(self, name)(request, **ids)
        except HTTPException as error:
            response = markup.page(
                "Nothing here", markup.notice(error.description or ""), error.code or 404
            )
        except ApiError as error:
            response = markup.page("That did not work", markup.notice(str(error)), error.status)
        response.headers.update(_SECURITY)
        return response

    def show_front(self, request: Request) -> Response:
        """Show subscriptions with what can happen to them, the clock, and what was delivered."""
        with self.store.change() as change:
            body = front.shown(change, address=self.store.public_url)
        return markup.page("Mock Stripe", body)

    def let_happen(self, request: Request, object_id: str) -> Response:
        """Let happen to a subscription what the pressed button says."""
        with self.store.change() as change:
            subscription = change.fetch("subscription", object_id)
            with clocks.living_with(change, subscription["customer"]):
                happen(change, subscription, request.form.get("what", ""))
        return redirect(f"/#{object_id}", 303)

    def advance_clock(self, request: Request) -> Response:
        """Put the clock forward as the pressed button says."""
        advance = request.form.get("advance", "")
        if advance not in front.STEPS:
            raise ApiError(400, f"There is no button {advance!r}.")
        self.lifecycle.put_clock_forward(int(advance))
        return redirect("/", 303)

    def show_payment(self, request: Request, object_id: str) -> Response:
        """Show what is bought, with the buttons Pay, Decline and Leave."""
        with self.store.change() as change:
            session = change.fetch("checkout.session", object_id)
        body = markup.order(session) + markup.choices(session, declined="declined" in request.args)
        return markup.page("Checkout", body)

    def decide_payment(self, request: Request, object_id: str) -> Response:
        """Do what the pressed button says."""
        action = request.form.get("action")
        if action == "pay":
            typed = Typed(
                name=request.form.get("name", ""),
                country=request.form.get("country", ""),
                tax_id=request.form.get("tax_id", ""),
                promotion_code=request.form.get("promotion_code", ""),
            )
            return self._pay(object_id, typed)
        with self.store.change() as change:
            session = change.fetch("checkout.session", object_id)
            if action == "decline" and session["status"] == "open":
                complete(change, object_id, "declined")
                return redirect(f"/pay/{object_id}?declined=1", 303)
        if action == "leave" and session["cancel_url"]:
            return redirect(session["cancel_url"], 303)
        return redirect(f"/pay/{object_id}", 303)

    def _pay(self, session_id: str, typed: Typed = NOBODY) -> Response:
        with self.store.change() as change:
            session = change.fetch("checkout.session", session_id)
            if session["status"] == "expired":
                return redirect(f"/pay/{session_id}", 303)
            if session["status"] == "open":
                outcome = "trial" if session[NOTES]["trial_days"] else "paid"
                session = complete(change, session_id, outcome, typed)
            completed = _completed_event(change, session_id)
        if completed is not None:
            self.courier.wait_until_taken(completed, seconds=_WAIT_SECONDS)
        return redirect(session["success_url"], 303)

    def show_invoice(self, request: Request, object_id: str) -> Response:
        """Show an invoice that was finalized, with a button to pay it while it is open."""
        invoice = self._invoice(object_id)
        with self.store.change() as change:
            asks = resumption.is_asked(change, invoice)
        return self._ended(request) or markup.page("Invoice", bills.shown(invoice, asks=asks))

    def decide_invoice(self, request: Request, object_id: str) -> Response:
        """Pay the invoice, or have the card declined; where the bank asks, confirm or refuse."""
        with self.store.change() as change:
            invoice = change.fetch("invoice", object_id)
            action = request.form.get("action")
            with clocks.living_with(change, invoice["customer"]):
                if invoice["status"] == "open" and action == "pay":
                    transitions.pay_owed(change, invoice)
                elif invoice["status"] == "open" and action == "decline":
                    resumption.turn_down(change, invoice)
        return redirect(f"/invoice/{object_id}", 303)

    def print_invoice(self, request: Request, object_id: str) -> Response:
        """Return the invoice as a PDF."""
        invoice = self._invoice(object_id)
        if ended := self._ended(request):
            return ended
        disposition = f'attachment; filename="Invoice-{invoice["number"]}.pdf"'
        return Response(
            bills.printed(invoice),
            mimetype="application/pdf",
            headers={"Content-Disposition": disposition},
        )

    def print_credit_note(self, request: Request, object_id: str) -> Response:
        """Return a credit note as a PDF."""
        with self.store.change() as change:
            note = change.fetch("credit_note", object_id)
        disposition = f'attachment; filename="CreditNote-{note["number"]}.pdf"'
        return Response(
            bills.printed_credit(note),
            mimetype="application/pdf",
            headers={"Content-Disposition": disposition},
        )

    def _ended(self, request: Request) -> Response | None:
        """Return the page that says that a link has ended; None while it hasn't."""
        with self.store.change() as change:
            if "until" not in request.args or invoices.is_alive(change, request.url):
                return None
        return markup.page("Invoice", markup.notice("This link has ended. Ask for a new one."), 410)

    def _invoice(self, invoice_id: str) -> Document:
        with self.store.change() as change:
            invoice = change.fetch("invoice", invoice_id)
        if invoice["number"] is None:  # a draft is nobody's to see
            raise no_such("invoice", invoice_id)
        return invoice

    def show_portal(self, request: Request, object_id: str) -> Response:
        """Show what the portal lets its customer see and do."""
        with self.store.change() as change:
            body = portal_page.shown(change, change.fetch("billing_portal.session", object_id))
        return markup.page("Your subscription", body)

    def decide_portal(self, request: Request, object_id: str) -> Response:
        """Do what the pressed button says."""
        with self.store.change() as change:
            session = change.fetch("billing_portal.session", object_id)
            with clocks.living_with(change, session["customer"]):
                portal_page.decide(change, session, request.form.to_dict())
        return redirect(f"/portal/{object_id}", 303)


_MAP = Map(
    [
        Rule("/", methods=["GET"], endpoint="show_front"),
        Rule("/clock", methods=["POST"], endpoint="advance_clock"),
        Rule("/subscriptions/<object_id>", methods=["POST"], endpoint="let_happen"),
        Rule("/pay/<object_id>", methods=["GET"], endpoint="show_payment"),
        Rule("/pay/<object_id>", methods=["POST"], endpoint="decide_payment"),
        Rule("/invoice/<object_id>", methods=["GET"], endpoint="show_invoice"),
        Rule("/invoice/<object_id>", methods=["POST"], endpoint="decide_invoice"),
        Rule("/invoice/<object_id>/pdf", methods=["GET"], endpoint="print_invoice"),
        Rule("/credit_note/<object_id>/pdf", methods=["GET"], endpoint="print_credit_note"),
        Rule("/portal/<object_id>", methods=["GET"], endpoint="show_portal"),
        Rule("/portal/<object_id>", methods=["POST"], endpoint="decide_portal"),
    ]
)


def _completed_event(change: Change, session_id: str) -> str | None:
    found = change.find("event", type="checkout.session.completed", object_id=session_id)
    return str(found[0]["id"]) if found else None
