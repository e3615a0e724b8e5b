"""The front page: subscriptions with what can happen to them, the clock, and what was delivered."""

from __future__ import annotations

from datetime import UTC, datetime

from markupsafe import Markup

from mock_stripe import markup
from mock_stripe.happenings import HAPPENINGS
from mock_stripe.lines import items_of
from mock_stripe.store import Change
from mock_stripe.table import Document

_MOST = 25
STEPS = {"86400": "A day on", "604800": "A week on", "2678400": "A month on"}


def shown(change: Change, *, address: str) -> Markup:
    """Return the whole page's body; each button has beside it the command that does the same."""
    return Markup().join(
        [_clock(change, address), _subscriptions(change, address), _deliveries(change, address)]
    )


def _clock(change: Change, address: str) -> Markup:
    time = datetime.fromtimestamp(change.now, UTC).strftime("%d %B %Y, %H:%M UTC")
    ahead = Markup(" <small>{} days ahead</small>").format(change.ahead // 86_400)
    return Markup('<section id="clock"><h2>{}{}</h2>{}{}</section>').format(
        time,
        ahead if change.ahead else "",
        _buttons("/clock", "advance", STEPS),
        _curl(f"{address}/_control/clock", '{"advance": 2678400}'),
    )


def _subscriptions(change: Change, address: str) -> Markup:
    ids = list(change.walk("subscription", {}))[:_MOST]
    if not ids:
        return markup.notice("Nobody has bought yet. Subscriptions stand here once somebody has.")
    rows = [_subscription(change, change.fetch("subscription", each), address) for each in ids]
    return Markup().join(rows)


def _subscription(change: Change, subscription: Document, address: str) -> Markup:
    customer = change.get("customer", subscription["customer"]) or {}
    told = [("Status", subscription["status"]), ("Next", _next(subscription))]
    told += [("Item", _item(change, item)) for item in items_of(subscription)]
    buttons = {what: label for what, (label, _) in HAPPENINGS.items()}
    ended = subscription["ended_at"] is not None
    path = f"/subscriptions/{subscription['id']}"
    return Markup('<section id="{}"><h2>{}</h2><p><code>{}</code></p>{}{}{}</section>').format(
        subscription["id"],
        customer.get("email") or subscription["customer"],
        subscription["id"],
        markup.facts(told),
        "" if ended else _buttons(path, "what", buttons),
        "" if ended else _curl(f"{address}/_control{path}/simulate", '{"what": "failed-payment"}'),
    )


def _item(change: Change, item: Document) -> str:
    price = item["price"]
    product = change.get("product", price["product"]) or {}
    amount = markup.money(price["unit_amount"] or 0, price["currency"])
    return f"{item.get('quantity') or 1} of {product.get('name', price['product'])}, {amount}"


def _next(subscription: Document) -> str:
    if subscription["ended_at"] is not None:
        return "ended"
    end = max(item["current_period_end"] for item in items_of(subscription))
    word = "ends" if subscription["cancel_at"] is not None else "renews"
    return f"{word} {datetime.fromtimestamp(end, UTC):%d %B %Y}"


def _deliveries(change: Change, address: str) -> Markup:
    ids = list(change.walk("_attempt", {}))[:_MOST]
    row = Markup("<tr><td>{}</td><td>{}</td><td>{}</td></tr>")
    rows = Markup().join(
        row.format(
            attempt["type"], attempt["status"] or attempt["error"], f"{attempt['duration_ms']} ms"
        )
        for attempt in (change.fetch("_attempt", each) for each in ids)
    )
    table = Markup(
        "<table><thead><tr><th>Event</th><th>Answer</th><th>Took</th></tr></thead>{}</table>"
    )
    return Markup('<section id="deliveries"><h2>Deliveries</h2>{}{}</section>').format(
        table.format(rows) if rows else markup.notice("Nothing was delivered yet."),
        _curl(f"{address}/_control/deliveries", ""),
    )


def _buttons(path: str, name: str, labels: dict[str, str]) -> Markup:
    button = Markup('<button name="{}" value="{}">{}</button>')
    shown = Markup().join(button.format(name, *each) for each in labels.items())
    return Markup('<form class="row" method="post" action="{}">{}</form>').format(path, shown)


def _curl(url: str, body: str) -> Markup:
    data = f" -d '{body}'" if body else ""
    return Markup("<pre>curl {}{}</pre>").format(url, data)
