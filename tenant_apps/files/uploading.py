"""The bound on how much one request may send: known before the first byte of it is stored."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.utils.translation import gettext as _

from public_apps.core.errors import Problem
from tenant_apps.files.actions import LARGEST, MIB

MOST_AT_ONCE = 5
LARGEST_BODY = MOST_AT_ONCE * LARGEST + MIB


class TooLarge(Problem, RequestDataTooBig):
    """A request larger than all that it could carry: 413 by the API, 400 by a page."""

    slug = "too-large"


class Bounded(FileUploadHandler):
    """Stands before the handlers that store, and refuses by the length that the client declares.

    A body can't be longer than declared: the web server hands out no more of it.
    """

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: str,  # noqa: N803
        encoding: str | None = None,
    ) -> None:  # fmt: skip
        if content_length > LARGEST_BODY:
            raise TooLarge(_("Send at most {size} MiB.").format(size=LARGEST_BODY // MIB))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Leave the bytes to the next handler."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the next handler."""
