"""All state of the mock: read and changed under one lock, whole changes only, kept on disk."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from mock_stripe.errors import no_such
from mock_stripe.journal import Entry, Journal
from mock_stripe.table import FACETS, Document, Table, Where, keys_of

Listener = Callable[[list[Entry]], None]
# Rewriting the journal pays once it holds this many times more lines than there are objects.
_WORTH_REWRITING = 3
_DAY = 86_400


class Store:
    """The state. Never hold a change open while doing network."""

    def __init__(self, folder: Path) -> None:
        self.public_url = ""  # where browsers reach the pages; known once the port is
        self._lock = threading.RLock()
        self._tables: dict[str, Table] = {}
        self._listeners: list[Listener] = []
        self._journal = Journal(folder)
        self._load()

    def listen(self, listener: Listener) -> None:
        """Have every entry that is written from now on shown to `listener`, after its commit."""
        self._listeners.append(listener)

    @contextmanager
    def change(self, *, request_id: str = "", idempotency_key: str = "") -> Iterator[Change]:
        """Read and write as if alone; all is kept if the block ends well, nothing otherwise."""
        with self._lock:
            change = Change(self, request_id=request_id, idempotency_key=idempotency_key)
            yield change
            written = self._commit(change)
        for listener in self._listeners if written else ():
            listener(written)

    def table(self, kind: str) -> Table:
        """Return the table of a kind; only for use inside a change."""
        return self._tables.setdefault(kind, Table(kind))

    def everything(self) -> list[tuple[str, str]]:
        """Return kind and id of every object; only for use inside a change."""
        return [(kind, each) for kind, table in self._tables.items() for each, _ in table.texts()]

    def close(self) -> None:
        """Let go of the folder; nothing can be changed after."""
        with self._lock:
            self._journal.close()

    def _commit(self, change: Change) -> list[Entry]:
        entries = change.entries()
        if entries:
            self._journal.append(entries)
        for entry in entries:
            self._apply(entry)
        return entries

    def _apply(self, entry: Entry) -> None:
        kind, object_id, text = entry
        if text is None:
            self.table(kind).remove(object_id)
        else:
            self.table(kind).put(object_id, text)

    def _load(self) -> None:
        lines = 0
        for change in self._journal.read():
            lines += len(change)
            for entry in change:
                self._apply(entry)
        self._forget_old_answers()
        if lines > _WORTH_REWRITING * sum(map(len, self._tables.values())):
            self._journal.rewrite(self._snapshot())

    def _forget_old_answers(self) -> None:
        # Stripe, too, keeps the answer to an idempotency key for a day.
        answers = self.table("_answer")
        limit = int(time.time()) - _DAY
        for object_id, _text in list(answers.texts()):
            if answers.created(object_id) < limit:
                answers.remove(object_id)

    def _snapshot(self) -> Iterator[list[Entry]]:
        for kind, table in self._tables.items():
            for object_id, text in table.texts():
                yield [(kind, object_id, text)]


class Change:
    """What one request reads and writes; `real` is the same second throughout.

    `now` is that second too, but for whatever lives by a test clock: there it is the clock's.
    """

    def __init__(self, store: Store, *, request_id: str, idempotency_key: str) -> None:
        self._store = store
        self.public_url = store.public_url
        self.request_id = request_id
        self.idempotency_key = idempotency_key
        self._staged: dict[tuple[str, str], str | None] = {}
        clock = self.get("_setting", "clock") or {}
        self.ahead = int(clock.get("ahead", 0))
        self.real = int(time.time()) + self.ahead
        self.now = self.real

    @contextmanager
    def at(self, second: int) -> Iterator[None]:
        """Let `now` be another second in the block: that of a test clock."""
        before, self.now = self.now, second
        try:
            yield
        finally:
            self.now = before

    def get(self, kind: str, object_id: str | None) -> Document | None:
        """Return a copy of an object, or None."""
        if object_id is None:
            return None
        if (kind, object_id) in self._staged:
            text = self._staged[kind, object_id]
        else:
            text = self._store.table(kind).text(object_id)
        return None if text is None else _decoded(text)

    def fetch(self, kind: str, object_id: str, *, param: str | None = None) -> Document:
        """Return a copy of an object, or raise Stripe's error: 404, or 400 for a parameter."""
        document = self.get(kind, object_id)
        if document is None:
            status = 404 if param is None else 400
            raise no_such(kind, object_id, param=param or "id", status=status)
        return document

    def put(self, document: Document) -> Document:
        """Write an object, and return it."""
        text = json.dumps(document, separators=(",", ":"))
        self._staged[document["object"], document["id"]] = text
        return document

    def remove(self, kind: str, object_id: str) -> None:
        """Remove an object for good."""
        self._staged[kind, object_id] = None

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Take back, after the block, whatever was written in it: a preview changes nothing."""
        before = dict(self._staged)
        try:
            yield
        finally:
            self._staged = before

    def find(self, kind: str, **facets: str) -> list[Document]:
        """Return the objects with these values, newest first."""
        wanted = set(facets.items())
        written = [
            _decoded(text)
            for (staged_kind, _id), text in reversed(self._staged.items())
            if staged_kind == kind and text is not None
        ]
        found = [
            document
            for document in written
            if wanted <= set(keys_of(document, FACETS.get(kind, {})))
        ]
        where = {name: {value} for name, value in facets.items()}
        found.extend(
            self.fetch(kind, object_id)
            for object_id in self.walk(kind, where)
            if (kind, object_id) not in self._staged
        )
        return found

    def walk(
        self, kind: str, where: Where, *, after: str | None = None, before: str | None = None
    ) -> Iterator[str]:
        """Yield ids of what was committed before this change, as `Table.walk` does."""
        return self._store.table(kind).walk(where, after=after, before=before)

    def created(self, kind: str, object_id: str) -> int:
        """Return the second at which something committed was created."""
        return self._store.table(kind).created(object_id)

    def has(self, kind: str, object_id: str) -> bool:
        """Say whether something of this id was committed before this change."""
        return object_id in self._store.table(kind)

    def remove_all(self, *, but: Collection[str]) -> None:
        """Remove whatever was committed before this change, except for these kinds."""
        for kind, object_id in self._store.everything():
            if kind not in but:
                self.remove(kind, object_id)

    def entries(self) -> list[Entry]:
        """Return what is to be written to the journal."""
        return [(kind, object_id, text) for (kind, object_id), text in self._staged.items()]


def _decoded(text: str) -> Document:
    document: Document = json.loads(text)
    return document
