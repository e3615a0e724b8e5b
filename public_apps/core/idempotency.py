"""Requests that may be sent twice and count once, by their `Idempotency-Key` or a form's hidden one.

The same key and body get the same answer, another body 422, and a request whose twin is still at
work 409. An answer of 429, or of 500 or more, is not kept: the same key may try again, and continues
the same row, so that whoever derives keys of their own from its id repeats those, too.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from public_apps.core import clock, locks
from public_apps.core.errors import (
    PROBLEM_JSON,
    Conflict,
    Invalid,
    KeyReused,
    Problem,
    as_problem,
)  # fmt: skip
from public_apps.core.models import IdempotentRequest
from public_apps.core.schema_context import current, in_public

HEADER = "Idempotency-Key"
LONGEST_KEY = 255
PARAMETER = OpenApiParameter(
    HEADER, {"type": "string", "maxLength": LONGEST_KEY}, OpenApiParameter.HEADER,
    description="The same key and body get the same answer for two days, and nothing is done twice.",
)  # fmt: skip
REMEMBERED = timedelta(days=2)
Work = Callable[[IdempotentRequest], Any]
Guard = Callable[[], None]
_guard: ContextVar[Guard | None] = ContextVar("guard", default=None)


@dataclass(frozen=True)
class Content:
    """What work may return instead of a bare body: the headers that belong to it, too."""

    body: Any
    headers: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the client gets: a problem document when the status says so."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    replayed: bool = False

    @property
    def is_problem(self) -> bool:
        return self.status >= HTTPStatus.BAD_REQUEST


@contextmanager
def guarded(guard: Guard) -> Iterator[None]:
    """Let all work of this block begin with a last look, in its own transaction if it has one.

    What the guard raises refuses the work, and is not remembered: the same key may come again.
    """
    token = _guard.set(guard)
    try:
        yield
    finally:
        _guard.reset(token)


def _look_again() -> None:
    if guard := _guard.get():
        guard()


def key_of(request: Request) -> str | None:
    """Return the request's key, or None; raise `errors.Invalid` for one that can't be kept."""
    key = request.headers.get(HEADER, "").strip()
    if len(key) > LONGEST_KEY or not key.isprintable():
        message = _("Use at most {count} printable characters.").format(count=LONGEST_KEY)
        raise Invalid(message, errors={HEADER: [message]})
    return key or None


def respond_once(request: Request, work: Work) -> Response:
    """Answer an API request that may come again; `work` returns the body of a 200."""
    asked = {"method": request.method, "path": request.path, "body": request.data}
    return _response(once(who=str(request.user.pk), key=key_of(request), asked=asked, work=work))


def respond_once_here(
    request: Request, work: Callable[[], Any], *, status: int = HTTPStatus.OK
) -> Response:
    """Answer an API request as `once_here` does. Without a key the work is simply done."""
    key = key_of(request)
    if key is None:
        with transaction.atomic():
            _look_again()
            return _response(_answered(work(), status))
    asked = {"method": request.method, "path": request.path, "body": _said(request)}
    who = str(request.user.pk)
    return _response(once_here(who=who, key=key, asked=asked, work=work, status=status))


def once(*, who: str, key: str | None, asked: dict[str, Any], work: Work) -> Answer:
    """Do the work unless this person has asked for it under this key; return the one answer.

    Call it outside of transactions: the claim must be seen by everybody at once. Without a key,
    the request counts as one of its own. Raises `errors.KeyReused`, `errors.Conflict` while a twin
    is at work, and problems of 500 and above.
    """

    def answer(row: IdempotentRequest) -> Answer:
        _look_again()
        answered = _answer(row, work)
        _keep(row, answered)
        return answered

    return _once(who, key, asked, answer)


def once_here(
    *,
    who: str,
    key: str | None,
    asked: dict[str, Any],
    work: Callable[[], Any],
    status: int = HTTPStatus.OK,
) -> Answer:
    """Do work that is all in our database, as `once`: work and memory are one transaction.

    So even a crash leaves either both or neither.
    """

    def answer(row: IdempotentRequest) -> Answer:
        with transaction.atomic():
            _look_again()
            answered = _answer(row, lambda _row: _whole(work), status=status)
            _keep(row, answered)
            return answered

    return _once(who, key, asked, answer)


def _once(
    who: str,
    key: str | None,
    asked: dict[str, Any],
    answer: Callable[[IdempotentRequest], Answer],
) -> Answer:
    scope, key = f"{current()}:{who}", key or uuid.uuid4().hex
    # Who is at work holds this lock; a process that dies holds it no longer, and its row goes on.
    with locks.while_alive(f"request {scope} {key}") as alone:
        row = _claim(scope, key, _fingerprint(asked), alone=alone)
        if row.status is not None:
            return Answer(
                status=row.status, body=row.body, headers=row.headers or {}, replayed=True
            )
        return answer(row)


def forget_old() -> int:
    """Forget requests that nobody will repeat any more; return how many."""
    gone, _by_model = IdempotentRequest.objects.filter(
        created_at__lt=clock.now() - REMEMBERED
    ).delete()
    return gone


def _fingerprint(asked: dict[str, Any]) -> str:
    text = json.dumps(asked, sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()


def _claim(scope: str, key: str, fingerprint: str, *, alone: bool) -> IdempotentRequest:
    """Return the row, ours to work on; or with its answer, if it has one."""
    with in_public():
        rows = IdempotentRequest.objects.filter(scope=scope, key=key)
        if not alone:
            row = rows.first()
        else:
            row, created = IdempotentRequest.objects.get_or_create(
                scope=scope, key=key, defaults={"fingerprint": fingerprint, "leased_until": Now()}
            )
            if created:
                return row
        if row is not None and row.fingerprint != fingerprint:
            raise KeyReused(_("This Idempotency-Key was used with another request."))
        if row is None or (row.answered_at is None and not (alone and _is_unleased(row))):
            raise Conflict(_("The same request is still being worked on."))
        return row


def _is_unleased(row: IdempotentRequest) -> bool:
    """Whether no process of an earlier release is at work, which holds no lock but a lease."""
    return IdempotentRequest.objects.filter(pk=row.pk, leased_until__lte=Now()).exists()


def _answer(row: IdempotentRequest, work: Work, *, status: int = HTTPStatus.OK) -> Answer:
    try:
        return _answered(work(row), status)
    except Exception as error:
        refusal = as_problem(error)
        if not isinstance(refusal, Problem) or not _is_for_good(refusal):
            raise
        return Answer(status=refusal.status, body=refusal.body())


def _is_for_good(refusal: Problem) -> bool:
    """Whether the same request would be refused again, so that the answer may be kept."""
    passing = refusal.status == HTTPStatus.TOO_MANY_REQUESTS
    return not passing and refusal.status < HTTPStatus.INTERNAL_SERVER_ERROR


def _answered(content: Any, status: int) -> Answer:
    if isinstance(content, Content):
        return Answer(status=status, body=content.body, headers=content.headers)
    return Answer(status=status, body=content)


def _whole(work: Callable[[], Any]) -> Any:
    """Do the work wholly, or, when it refuses, not at all."""
    with transaction.atomic():
        return work()


def _response(answer: Answer) -> Response:
    headers = {**answer.headers, **({"Idempotent-Replayed": "true"} if answer.replayed else {})}
    kind = PROBLEM_JSON if answer.is_problem else None
    return Response(answer.body, answer.status, headers=headers, content_type=kind)


def _said(request: Request) -> Any:
    """Return the body in a form that can be compared; of a file, a digest of what is in it."""
    if not request.FILES:
        return request.data
    said: Any = request.data  # of a form with files always a QueryDict
    fields = {name: said.getlist(name) for name in said if name not in request.FILES}
    return {**fields, **{name: _digest(file) for name, file in request.FILES.items()}}


def _digest(file: UploadedFile[bytes]) -> str:
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return digest


def _keep(row: IdempotentRequest, answer: Answer) -> None:
    with in_public():
        IdempotentRequest.objects.filter(pk=row.pk).update(
            answered_at=clock.now(),
            status=answer.status,
            body=answer.body,
            headers=answer.headers,
        )
