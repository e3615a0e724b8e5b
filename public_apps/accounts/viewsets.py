"""A resource of the tenant API: a viewset that looks permissions up, and where nothing gets lost.

What a subclass says: `resource`, who may do what (`permissions`), `get_queryset()`, `filter_own()`
if the table says `own`, serializers, and `perform_create()`, `perform_update()` and
`perform_destroy()` as far as its mixins need them. What it gets: pages by cursor, filters, limits,
`Idempotency-Key` on every POST, ETags with `If-Match`. The mixins are called as DRF's, which they
stand for.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from http import HTTPStatus
from typing import Any, ClassVar, cast

from django.db.models import Model, QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from public_apps.accounts import authority, step_up
from public_apps.accounts.api_key_authentication import ApiKeyAuthentication
from public_apps.accounts.models import User
from public_apps.accounts.permissions import (
    HasWorkspacePermission,
    Scope,
    declare,
    must_be_confirmed,
    operation_of,
    request_scope,
)
from public_apps.accounts.token_authentication import SessionTokenAuthentication
from public_apps.core import idempotency
from public_apps.core.errors import StaleVersion
from public_apps.core.idempotency import Content
from public_apps.core.rest import etags
from public_apps.core.rest.filters import KnownQuery, Ordering
from public_apps.core.rest.pagination import Cursor
from public_apps.core.rest.throttling import PersonLimit, WorkspaceLimit

# Every resource of which a viewset is loaded, by name.
resources: dict[str, type[WorkspaceViewSet]] = {}


class WorkspaceViewSet(KnownQuery, GenericViewSet[Any]):
    """Reads by queries, writes by verbs."""

    resource: ClassVar[str]
    # Its rows of the table in `accounts.permissions`, unless they stand there: actions and roles.
    permissions: ClassVar[str] = ""
    # Whether a tenant app's stands at /api/<resource>/; if not, a URLconf of the app says where.
    is_served_by_name: ClassVar[bool] = True
    authentication_classes = (ApiKeyAuthentication, SessionTokenAuthentication)
    permission_classes = (IsAuthenticated, HasWorkspacePermission)
    throttle_classes = (PersonLimit, WorkspaceLimit)
    pagination_class = Cursor
    filter_backends = (DjangoFilterBackend, Ordering)
    # Names to order by, or names with the column of each; which actions read lists.
    ordering_fields: ClassVar[Any] = ("id",)
    list_actions: ClassVar[tuple[str, ...]] = ("list",)
    http_method_names = ["get", "head", "post", "patch", "delete"]
    lookup_value_converter = "int"
    checks_version = (
        True  # whether `If-Match` counts in this action; not where nothing can get lost
    )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "permissions" in vars(cls):
            declare(cls.permissions, resource=cls.resource)
        if "resource" in vars(cls):
            resources[cls.resource] = cls

    # --- What a subclass says -----------------------------------------------------------------

    def get_queryset(self) -> QuerySet[Any]:
        """Return all rows of the tenant, with what the serializer needs joined in."""
        raise NotImplementedError

    def filter_own(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow rows down to those of the person who asks."""
        raise NotImplementedError

    def get_input_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Return the serializer that reads a request; the one that shows rows, unless overridden."""
        return self.get_serializer(*args, **kwargs)

    # --- What it gets -------------------------------------------------------------------------

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Let whatever is done once begin with a last look at who does it."""
        with idempotency.guarded(lambda: authority.hold(self.request, operation_of(self) or "")):
            answer: Response = super().dispatch(request, *args, **kwargs)  # type: ignore[assignment]  # DRF's own type is Django's
        return answer

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """See to it, after all else, that what is decisive is asked by whom it seems to be."""
        super().initial(request, *args, **kwargs)
        if must_be_confirmed(operation_of(self) or ""):
            step_up.check(request)

    def held(self) -> AbstractContextManager[None]:
        """Do something in one transaction, by somebody who may do so to its end."""
        return authority.held(self.request, operation_of(self) or "")

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        """See to it that what is new says where it is, and that one row has its ETag."""
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        if answer.status_code == HTTPStatus.CREATED:
            answer.setdefault("Location", request.path)
        if _has_version(request, answer, self.action):
            answer.setdefault("ETag", etags.weak(answer.data))
            if self.action == "retrieve" and _is_known(request, answer):
                return super().finalize_response(request, _not_modified(answer), *args, **kwargs)
        return answer

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow rows down to what this request may see; others' are as good as not there.

        `get_object()` and lists come by here. Whatever a subclass looks up otherwise, it narrows.
        """
        mine = self.filter_own(queryset) if self.scope is Scope.OWN else queryset
        found: QuerySet[Any] = super().filter_queryset(mine)
        return found

    @property
    def scope(self) -> Scope:
        """How far whoever asks reaches in the action asked for."""
        return request_scope(self.request, f"{self.resource}.{self.action}")

    @property
    def user(self) -> User:
        """Whoever asks; permissions have seen to it that it is somebody."""
        return cast("User", self.request.user)

    def get_serializer_context(self) -> dict[str, Any]:
        """Tell serializers how far the request reaches, beside what DRF tells them."""
        known = dict(super().get_serializer_context())
        return {**known, "scope": self.scope} if getattr(self, "request", None) else known

    def response_for(self, row: Model, status: int = HTTPStatus.OK) -> Response:
        """Answer with one row and the ETag of its version."""
        return Response(self.get_serializer(row).data, status, headers=_etag(row))

    def created_content(self, row: Model) -> Content:
        """Return a new row with its ETag and its place."""
        headers = {"Location": self.get_location(row), **_etag(row)}
        return Content(self.get_serializer(row).data, headers)

    def get_location(self, row: Model) -> str:
        """Return where a new row is: below the address that it was posted to."""
        return f"{self.request.path.rstrip('/')}/{row.pk}/"

    def get_valid_serializer(self, row: Model | None = None, *, partial: bool = False) -> Any:
        """Return the serializer of what the request says, checked field by field."""
        serializer = self.get_input_serializer(row, data=self.request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return serializer

    def get_validated_data(self) -> dict[str, Any]:
        """Return what the request says, checked field by field."""
        return dict(self.get_valid_serializer().validated_data)

    def get_object_for_update(self) -> Any:
        """Return the row asked for, locked until the transaction ends, if it is what `If-Match` says.

        Raises 404, and `errors.StaleVersion` when somebody has changed it meanwhile. The lock comes
        first and the row is read after it, so what is joined in is no older than the lock.
        """
        kept = self.get_object()
        type(kept).objects.select_for_update(of=("self",)).filter(pk=kept.pk).first()
        row = self.get_object()
        wanted = self.request.headers.get("If-Match", "*")
        if wanted != "*" and _etag(row).get("ETag") not in etags.listed(wanted):
            raise StaleVersion
        return row

    def idempotent(self, work: Callable[[], Any], *, status: int = HTTPStatus.OK) -> Response:
        """Do the work in one transaction, once per `Idempotency-Key`; answer with what it returns."""
        return idempotency.respond_once_here(self.request, work, status=status)


class ListModelMixin(WorkspaceViewSet):
    """`GET` of a page."""

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page, narrowed and ordered by query."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class RetrieveModelMixin(WorkspaceViewSet):
    """`GET` of one row."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One row with its ETag; 304 if the client has it."""
        return self.response_for(self.get_object())


class CreateModelMixin(WorkspaceViewSet):
    """`POST` of a new row."""

    def perform_create(self, serializer: Any) -> Model:
        """Create a row of what a valid serializer says, and return it."""
        raise NotImplementedError

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Create one; the same Idempotency-Key creates no second."""
        return self.idempotent(
            lambda: self.created_content(self.perform_create(self.get_valid_serializer())),
            status=HTTPStatus.CREATED,
        )


class UpdateModelMixin(WorkspaceViewSet):
    """`PATCH` of one row."""

    def perform_update(self, serializer: Any) -> Model:
        """Change `serializer.instance`, which is locked, to what it says, and return it."""
        raise NotImplementedError

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change the fields given; with `If-Match`, only the version that the client has seen."""
        with self.held():
            row = self.get_object_for_update()
            return self.response_for(
                self.perform_update(self.get_valid_serializer(row, partial=True))
            )


class DestroyModelMixin(WorkspaceViewSet):
    """`DELETE` of one row."""

    def perform_destroy(self, instance: Any) -> None:
        """Delete a locked row, or whatever deleting means for it."""
        instance.delete()

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete it; with `If-Match`, only the version that the client has seen."""
        with self.held():
            self.perform_destroy(self.get_object_for_update())
        return Response(status=HTTPStatus.NO_CONTENT)


class ModelViewSet(
    ListModelMixin, RetrieveModelMixin, CreateModelMixin, UpdateModelMixin, DestroyModelMixin
):
    """All of them."""


def _etag(row: Model) -> dict[str, str]:
    etag = getattr(row, "etag", "")
    return {"ETag": etag} if etag else {}


def _has_version(request: Request, answer: Response, action: str) -> bool:
    """Whether the answer is one row as it is now: read, made or changed."""
    if answer.status_code == HTTPStatus.CREATED:
        return True
    is_one = action == "retrieve" or request.method == "PATCH"
    return is_one and answer.status_code == HTTPStatus.OK and hasattr(answer, "data")


def _is_known(request: Request, answer: Response) -> bool:
    known = etags.listed(request.headers.get("If-None-Match", ""))
    return answer["ETag"].removeprefix("W/") in known


def _not_modified(answer: Response) -> Response:
    return Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": answer["ETag"]})
