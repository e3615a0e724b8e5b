"""What a handler of the API gets, and the two most common handlers: one object, and a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mock_stripe.errors import invalid, no_such
from mock_stripe.forms import Params
from mock_stripe.store import Change
from mock_stripe.table import Document, Where

PAGE_PARAMS = ("limit", "starting_after", "ending_before", "expand")
LIST_PARAMS = (*PAGE_PARAMS, "created")
_DEFAULT_LIMIT = 10
_MOST = 100


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of the API."""

    change: Change
    params: Params
    ids: Mapping[str, str]
    url: str
    public_url: str

    @property
    def id(self) -> str:
        """The id in the path."""
        return self.ids["id"]


Handler = Callable[[Call], Document]
Route = tuple[str, str, Handler]


def retrieve(kind: str) -> Handler:
    """Make a handler that answers with the object whose id is in the path."""

    def handler(call: Call) -> Document:
        call.params.only("expand")
        return call.change.fetch(kind, call.id)

    return handler


def listing(kind: str, *filters: str) -> Handler:
    """Make a handler that answers with a page of objects, narrowed by these parameters."""

    def handler(call: Call) -> Document:
        call.params.only(*LIST_PARAMS, *filters)
        where = {name: {call.params.required(name)} for name in filters if name in call.params}
        return page(call, kind, where)

    return handler


def page(
    call: Call, kind: str, where: Where, *, keep: Callable[[str], bool] | None = None
) -> Document:
    """Return a page of Stripe's shape, newest first, as the call's cursor and limit ask for."""
    params = call.params
    limit = _limit(params)
    after = _cursor(call, kind, "starting_after")
    before = _cursor(call, kind, "ending_before")
    in_time = _created_within(call, kind)
    found: list[str] = []
    for object_id in call.change.walk(kind, where, after=after, before=before):
        if in_time(object_id) and (keep is None or keep(object_id)):
            found.append(object_id)
        if len(found) > limit:
            break
    more = len(found) > limit
    ids = found[:limit] if before is None else found[:limit][::-1]
    data = [call.change.fetch(kind, object_id) for object_id in ids]
    return list_object(data, url=call.url, more=more)


def list_object(data: list[Document], *, url: str, more: bool = False) -> Document:
    """Return objects in Stripe's list shape."""
    return {"object": "list", "data": data, "has_more": more, "url": url}


def _limit(params: Params) -> int:
    limit = params.integer("limit")
    if limit is None:
        return _DEFAULT_LIMIT
    if not 1 <= limit <= _MOST:
        raise invalid("limit", f"Invalid limit: must be between 1 and {_MOST}")
    return limit


def _cursor(call: Call, kind: str, param: str) -> str | None:
    object_id = call.params.text(param)
    if object_id is not None and not call.change.has(kind, object_id):
        raise no_such(kind, object_id, param=param, status=400)
    return object_id


def _created_within(call: Call, kind: str) -> Callable[[str], bool]:
    if "created" not in call.params:
        return lambda _object_id: True
    bounds = _bounds(call.params)

    def within(object_id: str) -> bool:
        created = call.change.created(kind, object_id)
        return all(_HOLDS[name](created, bound) for name, bound in bounds.items())

    return within


def _bounds(params: Params) -> dict[str, int]:
    if not params.is_nested("created"):
        return {"eq": params.integer("created") or 0}
    given = params.nested("created")
    given.only("gt", "gte", "lt", "lte")
    return {name: given.integer(name) or 0 for name in given.names()}


_HOLDS: dict[str, Callable[[int, int], bool]] = {
    "eq": lambda created, bound: created == bound,
    "gt": lambda created, bound: created > bound,
    "gte": lambda created, bound: created >= bound,
    "lt": lambda created, bound: created < bound,
    "lte": lambda created, bound: created <= bound,
}
