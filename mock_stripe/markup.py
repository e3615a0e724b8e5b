"""How the pages look. Every word from outside is escaped on its way in."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from markupsafe import Markup
from werkzeug.wrappers import Response

from mock_stripe.completion import awaits_payment
from mock_stripe.expansion import NOTES
from mock_stripe.lines import items_of
from mock_stripe.table import Document

_FOLDER = Path(__file__).parent / "templates"
_PAGE = (_FOLDER / "page.html").read_text(encoding="utf-8")
_STYLE = Markup((_FOLDER / "page.css").read_text(encoding="utf-8"))  # noqa: S704  # our own file


def page(title: str, body: Markup, status: int = 200) -> Response:
    """Return a whole page."""
    html = Markup(_PAGE).format(title=title, style=_STYLE, body=body)  # noqa: S704  # our own file
    return Response(html, status, mimetype="text/html")


def notice(text: str, *, bad: bool = False) -> Markup:
    """Return a paragraph that stands out; a bad one is read out at once."""
    kind = Markup('class="notice bad" role="alert"') if bad else Markup('class="notice"')
    return Markup("<p {}>{}</p>").format(kind, text)


def order(session: Document) -> Markup:
    """Return what is bought, for how much, by whom."""
    items = Markup().join(_item(item) for item in session[NOTES]["line_items"])
    trial_days = session[NOTES]["trial_days"]
    email = session["customer_email"] or (session["customer_details"] or {}).get("email")
    told = [("E-mail", email or "not given")]
    if trial_days:
        told.append(("Free trial", f"{trial_days} days"))
    due = 0 if trial_days else session[NOTES]["amount"]
    told.append(("Due today", money(due, session["currency"])))
    return items + facts(told)


def choices(session: Document, *, declined: bool) -> Markup:
    """Return the buttons of a session that is open, or what became of it."""
    if session["status"] == "expired":
        return notice("This checkout has expired. Nothing was paid.", bad=True) + way(
            session["cancel_url"], "Back to the shop"
        )
    if session["status"] == "complete":
        waiting = awaits_payment(session)
        said = "Your payment is on its way." if waiting else "This checkout is complete."
        return notice(said) + way(session["success_url"], "Continue")
    buttons = [("pay", "Pay"), ("decline", "Decline")]
    if session["cancel_url"]:
        buttons.append(("leave", "Leave"))
    error = notice("Your card was declined. Try again, or leave.", bad=True) if declined else ""
    return Markup("{}{}").format(error, form(buttons, {}, asked=_asked(session)))


def _asked(session: Document) -> Markup:
    """Return what Stripe's page asks a buyer for whose tax is to be worked out."""
    fields = []
    if session["billing_address_collection"] == "required":
        fields += [("name", "Name", ""), ("country", "Country", "GR")]
    if (session.get("tax_id_collection") or {}).get("enabled"):
        fields.append(("tax_id", "VAT number, if you are a business", ""))
    if session["allow_promotion_codes"]:
        fields.append(("promotion_code", "Promotion code", ""))
    return inputs(fields)


def portal(found: list[Document], products: dict[str, str], *, may_cancel: bool) -> Markup:
    """Return a customer's subscriptions with what can be done to each."""
    shown = Markup().join(_subscription(each, products, may_cancel=may_cancel) for each in found)
    return shown or notice("There is no subscription yet.")


def inputs(fields: list[tuple[str, str, str]]) -> Markup:
    """Return lines to type into: each a name, a label and what stands there."""
    row = Markup('<p><label>{} <input name="{}" value="{}"></label></p>')
    return Markup().join(row.format(label, name, value) for name, label, value in fields)


def links(found: list[tuple[str, str]]) -> Markup:
    """Return a list of addresses with their words."""
    row = Markup('<li><a href="{}">{}</a></li>')
    return Markup("<ul>{}</ul>").format(Markup().join(row.format(*each) for each in found))


def money(amount: int, currency: str) -> str:
    """Return an amount of minor units as people write it."""
    whole, cents = divmod(abs(amount), 100)
    return f"{'-' if amount < 0 else ''}{currency.upper()} {whole:,}.{cents:02d}"


def _subscription(subscription: Document, products: dict[str, str], *, may_cancel: bool) -> Markup:
    item = items_of(subscription)[0]
    price = item["price"]
    until = datetime.fromtimestamp(item["current_period_end"], UTC).strftime("%d %B %Y")
    ending = subscription["cancel_at"] is not None
    told = [("Status", subscription["status"]), ("Ends" if ending else "Renews", until)]
    body = Markup("<section><h2>{}</h2>{}{}").format(
        products.get(price["product"], price["product"]), _price(price, item["quantity"]),
        facts(told if subscription["ended_at"] is None else told[:1]),
    )  # fmt: skip
    if subscription["ended_at"] is None:
        owing = subscription["status"] in {"past_due", "unpaid"}
        buttons = [("resume", "Resume") if ending else ("cancel", "Cancel")] if may_cancel else []
        buttons += [
            ("recover", "Pay what is due") if owing else ("fail", "Simulate a failed payment")
        ]
        body += form(buttons, {"subscription": subscription["id"]})
    return body + Markup("</section>")


def _item(item: Document) -> Markup:
    return Markup("<section><h2>{}</h2>{}</section>").format(
        item["description"] or "Subscription", _price(item["price"], item["quantity"])
    )


def _price(price: Document, quantity: int) -> Markup:
    recurring = price["recurring"]
    count = recurring["interval_count"]
    every = recurring["interval"] if count == 1 else f"{count} {recurring['interval']}s"
    times = f", {quantity} times" if quantity > 1 else ""
    amount = money(price["unit_amount"], price["currency"])
    return Markup('<p class="price">{} <small>per {}{}</small></p>').format(amount, every, times)


def facts(rows: list[tuple[str, str]]) -> Markup:
    """Return names with their values."""
    row = Markup("<dt>{}</dt><dd>{}</dd>")
    return Markup("<dl>{}</dl>").format(Markup().join(row.format(*each) for each in rows))


def form(buttons: list[tuple[str, str]], hidden: dict[str, str], *, asked: str = "") -> Markup:
    """Return buttons, each a word that is posted and one that is shown; the first stands out."""
    fields = [
        Markup('<input type="hidden" name="{}" value="{}">').format(*field)
        for field in hidden.items()
    ]
    shown = [
        Markup('<button name="action" value="{}" id="{}"{}>{}</button>').format(
            action, action, Markup(' class="main"') if place == 0 else "", label
        )
        for place, (action, label) in enumerate(buttons)
    ]
    inside = Markup().join([asked, *fields, *shown])
    return Markup('<form method="post">{}</form>').format(inside)


def way(url: str | None, label: str) -> Markup:
    """Return a link that leads on; nothing without an address."""
    return Markup('<p><a href="{}">{}</a></p>').format(url, label) if url else Markup()
