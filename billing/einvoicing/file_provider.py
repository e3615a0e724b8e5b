"""A stand-in that writes each document into a folder, for whoever passes them on by hand."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings

from billing.documents.document import Document
from billing.einvoicing.provider import Receipt, Unavailable

_STRANGE = re.compile(r"[^A-Za-z0-9._-]+")


class FileProvider:
    """Writes `<year>/<kind>-<number>-<digest>.json`, whole or not at all; its marks begin with FILE-."""

    def __init__(self) -> None:
        self._folder = Path(settings.EINVOICING.folder)

    def issue(self, document: Document) -> Receipt:
        """Write the document; written again it is the same file and the same mark."""
        return self._written(document, "", {"document": document.as_json()})

    def cancel(self, document: Document, *, mark: str) -> Receipt:
        """Write that the document is taken back."""
        return self._written(
            document, "-cancelled", {"cancels": mark, "document": document.as_json()}
        )

    def _written(self, document: Document, ending: str, said: dict[str, object]) -> Receipt:
        digest = hashlib.sha256(f"{document.key}{ending}".encode()).hexdigest()[:12].upper()
        mark = f"FILE-{digest}"
        number = _STRANGE.sub("_", document.number)[:60]
        name = f"{document.kind.value}-{number}-{digest}{ending}.json"
        text = json.dumps({"mark": mark, **said}, ensure_ascii=False, indent=2, sort_keys=True)
        try:
            _put(self._folder / str(document.issued_at.year) / name, text)
        except OSError as error:
            raise Unavailable(f"EINVOICE_FOLDER: {error}") from error
        return Receipt(mark=mark)


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=path.parent, encoding="utf-8", delete=False) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, path)
