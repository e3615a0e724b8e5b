"""The one reader of request bodies: whole and within bounds before anything looks at them.

Django takes a body without a length (`Transfer-Encoding: chunked`) for an empty one, since WSGI
promises no end of the stream; gunicorn does (`wsgi.input_terminated`). So every body is read here,
chunked or not, and handed on with its length. A large one waits on disk, not in memory.

What comes from the network has come by then: `config.waiting_room` waits for it, with an end.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from gunicorn.http.errors import ParseException

from public_apps.core import error_responses
from public_apps.core.errors import Problem

MIB = 1024 * 1024
LARGEST = MIB  # of JSON and plain forms; forms with files may be larger, by UPLOAD_MAX_MIB
STEP = 64 * 1024
Handler = Callable[[HttpRequest], HttpResponseBase]


class BodyTooLarge(Problem):
    """More than this address takes; what is beyond the bound is not read."""

    slug = "too-large"

    def __init__(self, most: int) -> None:
        super().__init__(_("Send at most {size} MiB.").format(size=most // MIB))


class BodyMalformed(Problem):
    """The body can't be read to its end: badly chunked, or the connection broke."""

    slug = "malformed-body"

    def __init__(self) -> None:
        super().__init__(
            _("The request's body is broken or ended too early. Please send it again.")
        )


class BodyMiddleware:
    """Has the body at hand for whatever comes further in; refuses what can't be taken, in words."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            kept = read_body(request)
        except (BodyTooLarge, BodyMalformed) as refusal:
            return error_responses.answer(request, refusal)
        with kept:
            return self.get_response(request)


def read_body(request: HttpRequest) -> IO[bytes]:
    """Read the body, make it the request's own with its length, and return it, for the caller to close.

    Raises `BodyTooLarge`, unread where the client says so beforehand, and `BodyMalformed`.
    """
    declared = _declared(request)
    if declared == 0:
        return BytesIO()
    most = _most(request)
    if declared is not None and declared > most:
        raise BodyTooLarge(most)
    kept: Any = SpooledTemporaryFile(max_size=LARGEST)  # noqa: SIM115 - the caller closes it
    size = _copy(_source(request, chunked=declared is None), kept, most)
    if size > most:
        raise BodyTooLarge(most)
    if declared is not None and size < declared:
        raise BodyMalformed
    kept.seek(0)
    request._stream = kept
    request.META["CONTENT_LENGTH"] = str(size)
    return kept  # type: ignore[no-any-return]  # typeshed has no common type for it


def _declared(request: HttpRequest) -> int | None:
    """Return the length that the client declares; None if it comes in chunks."""
    meta = request.META
    if meta.get("CONTENT_LENGTH"):
        return int(meta["CONTENT_LENGTH"])
    is_chunked = meta.get("HTTP_TRANSFER_ENCODING") and meta.get("wsgi.input_terminated")
    return None if is_chunked else 0


def _most(request: HttpRequest) -> int:
    has_files = request.content_type == "multipart/form-data"
    return settings.UPLOAD_MAX_MIB * MIB if has_files else LARGEST


def _source(request: HttpRequest, *, chunked: bool) -> Any:
    # The request's own stream ends where CONTENT_LENGTH says, and without one at once.
    return request.META["wsgi.input"] if chunked else request._stream


def _copy(source: Any, target: IO[bytes], most: int) -> int:
    """Copy the stream, one byte beyond the bound at most; return how much there was."""
    size = 0
    try:
        while piece := source.read(min(STEP, most + 1 - size)):
            target.write(piece)
            size += len(piece)
    except (ParseException, OSError) as error:
        # gunicorn's words for bad chunks, and the socket's for a client that went away.
        raise BodyMalformed from error
    return size
