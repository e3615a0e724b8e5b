"""Webhook endpoints, and the account that they belong to."""

from __future__ import annotations

from urllib.parse import urlsplit

from mock_stripe.calls import PAGE_PARAMS, Call, Route, page, retrieve
from mock_stripe.errors import invalid, missing_parameter
from mock_stripe.events import API_VERSION
from mock_stripe.expansion import NOTES
from mock_stripe.forms import Params
from mock_stripe.ids import new_id
from mock_stripe.store import Change
from mock_stripe.table import Document

# The endpoint of the command line: the same one at every start, wherever it is now.
GIVEN = "we_1GivenOnTheCommandLine00"
_PARAMS = ("url", "enabled_events", "description", "metadata", "expand")


def set_given(change: Change, *, url: str | None, secret: str) -> None:
    """Have the command line's endpoint get every event; without a URL, no longer."""
    if url is None:
        change.remove("webhook_endpoint", GIVEN)
        return
    change.put(
        _endpoint(change, GIVEN, secret)
        | {"url": url, "description": "Given on the command line", "enabled_events": ["*"]}
    )


def _endpoint(change: Change, endpoint_id: str, secret: str) -> Document:
    return {
        "id": endpoint_id,
        "object": "webhook_endpoint",
        "api_version": API_VERSION,
        "application": None,
        "created": change.now,
        "description": None,
        "enabled_events": [],
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": "",
        NOTES: {"secret": secret},
    }


def _create(call: Call) -> Document:
    params = call.params
    params.only(*_PARAMS, "api_version", "connect")
    params.required("url")
    if "enabled_events" not in params:
        raise missing_parameter("enabled_events")
    secret = new_id("whsec")
    blank = _endpoint(call.change, new_id("we"), secret)
    blank["api_version"] = params.text("api_version") or API_VERSION
    endpoint = call.change.put(_changed(params, blank))
    # Shown this once, as at Stripe.
    return endpoint | {"secret": secret}


def _update(call: Call) -> Document:
    call.params.only(*_PARAMS, "disabled")
    endpoint = _changed(call.params, call.change.fetch("webhook_endpoint", call.id))
    if "disabled" in call.params:
        disabled = call.params.boolean("disabled")
        endpoint["status"] = "disabled" if disabled else "enabled"
    return call.change.put(endpoint)


def _changed(params: Params, endpoint: Document) -> Document:
    changed = endpoint | {"metadata": params.merged_metadata(endpoint["metadata"])}
    if "url" in params:
        changed["url"] = _address(params.required("url"))
    if "enabled_events" in params:
        changed["enabled_events"] = params.texts("enabled_events")
        if not changed["enabled_events"]:
            raise invalid("enabled_events", "At least one event type is needed.")
    if "description" in params:
        changed["description"] = params.text("description")
    return changed


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise invalid("url", "Invalid URL: an explicit scheme (such as https) must be provided.",
                      code="url_invalid")  # fmt: skip
    return url


def _delete(call: Call) -> Document:
    call.params.only()
    call.change.fetch("webhook_endpoint", call.id)
    call.change.remove("webhook_endpoint", call.id)
    return {"id": call.id, "object": "webhook_endpoint", "deleted": True}


def _list(call: Call) -> Document:
    call.params.only(*PAGE_PARAMS)
    return page(call, "webhook_endpoint", {})


ROUTES: list[Route] = [
    ("POST", "/v1/webhook_endpoints", _create),
    ("GET", "/v1/webhook_endpoints", _list),
    ("GET", "/v1/webhook_endpoints/<id>", retrieve("webhook_endpoint")),
    ("POST", "/v1/webhook_endpoints/<id>", _update),
    ("DELETE", "/v1/webhook_endpoints/<id>", _delete),
]
