"""The mock's HTTP server: the API, the controls and the pages on one loopback port."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from mock_stripe.api import Api
from mock_stripe.control import Control
from mock_stripe.pages import Pages

HOST = "127.0.0.1"
_LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class App:
    """Hands each request to whom it is for."""

    api: Api
    control: Control
    pages: Pages
    public_url: str

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = _MOST_BYTES
        try:
            response = self._respond(request)
        except RequestEntityTooLarge:
            response = Response("That is too much for the mock Stripe.\n", 413)
        return response(environ, start)

    def _respond(self, request: Request) -> Response:
        # A page from elsewhere must not reach the mock by a name that resolves to this machine.
        if _hostname(f"//{request.host}") not in _LOOPBACK | {_hostname(self.public_url)}:
            return Response("The mock Stripe answers on this machine only.\n", 403)
        if request.path.startswith("/v1/"):
            return self.api.respond(request)
        if request.path.startswith("/_control/"):
            return self.control.respond(request)
        return self.pages.respond(request)


def _hostname(url: str) -> str:
    return urlsplit(url).netloc.rsplit(":", 1)[0] if not url.endswith("]") else "[::1]"


def bind(port: int, app: Any) -> BaseWSGIServer:
    """Return a server on 127.0.0.1; port 0 takes a free one. Exits if the port is taken."""
    return make_server(HOST, port, app, threaded=True, request_handler=_Handler)


class _Handler(WSGIRequestHandler):
    # Head and body are two writes: with Nagle's algorithm, clients would wait 40 ms for the second.
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing of requests: they are many."""
