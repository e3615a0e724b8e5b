"""The client that suites of running systems use, answered by Django in the test's own process."""

from __future__ import annotations

import io
import json
from typing import Any

import requests
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.response import StreamingHttpResponse
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, ClientHandler, encode_multipart

from tests.core.web_stack import HttpClient

# Making the chain of middlewares takes longer than most requests: one does for all.
_HANDLER = ClientHandler(enforce_csrf_checks=True)
_TRUSTING = ClientHandler(enforce_csrf_checks=False)


class InProcess(HttpClient):
    """Who asks here remembers nothing: each request brings its own credentials.

    Without `checks_csrf` forms are taken without their token.
    """

    def __init__(self, *, checks_csrf: bool = True) -> None:
        super().__init__(0)
        self._handler = _HANDLER if checks_csrf else _TRUSTING

    def ask(
        self,
        method: str,
        path: str,
        *,
        host: str = "localhost",
        headers: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> requests.Response:
        """Send one request and return the answer, an exception as the 500 that it would be."""
        body, kind = _content(**kwargs)
        client = Client(raise_request_exception=False, headers={"host": host, **(headers or {})})
        client.handler = self._handler
        return _told(client.generic(method, path, body, kind))


def _content(
    *, json: Any = None, files: Any = None, data: dict[str, str] | None = None
) -> tuple[bytes, str]:
    if files:
        sent = {name: SimpleUploadedFile(*named) for name, named in files.items()}
        return encode_multipart(BOUNDARY, sent), MULTIPART_CONTENT
    if data is not None:
        return encode_multipart(BOUNDARY, data), MULTIPART_CONTENT
    if json is None:
        return b"", "application/octet-stream"
    return _dumped(json), "application/json"


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


def _told(response: Any) -> requests.Response:
    is_stream = isinstance(response, StreamingHttpResponse)
    content = b"".join(response) if is_stream else response.content
    answer = requests.Response()
    answer.status_code = response.status_code
    answer.headers.update(dict(response.items()))
    answer.raw, answer.encoding = io.BytesIO(content), "utf-8"
    for name, morsel in response.cookies.items():
        answer.cookies.set(name, morsel.value)
    return answer
