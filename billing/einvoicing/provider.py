"""What a provider of e-invoicing has to do for us, such as one for the Greek myDATA.

A class named by `EINVOICE_PROVIDER`, made without arguments in each worker that needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from billing.documents.document import Document


class Unavailable(Exception):
    """The provider, or the authority behind it, did not answer or asked to wait: it is tried again."""


class Refused(Exception):
    """The document itself is refused, and would be again: somebody has to see to it."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What comes back for a document: the authority's number for it, and perhaps a page about it."""

    mark: str
    url: str = ""


class Provider(Protocol):
    """Passes documents on. It is called by workers alone, outside of any request.

    A document may come again after a crash between the provider's answer and our note of it: by
    `Document.key` the provider knows it again, and answers with the same receipt. Each call is given
    up after `outbox.PATIENCE_SECONDS`. It raises `Unavailable` or `Refused`; any other error counts as
    the former. It must not touch our database: it runs in a thread of its own.
    """

    def issue(self, document: Document) -> Receipt:
        """Pass a document on."""

    def cancel(self, document: Document, *, mark: str) -> Receipt:
        """Take back a document that was passed on under this number."""


def provider() -> Provider:
    """Return the provider that is set up. Raises `ImportError` if there is no such class."""
    return cast("Provider", import_string(settings.EINVOICING.provider)())


def is_on() -> bool:
    """Whether documents are passed on at all."""
    return bool(settings.EINVOICING.provider)
