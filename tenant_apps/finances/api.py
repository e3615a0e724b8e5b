"""The tenant API of months, expenses, charges, payments, balances and statements."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from public_apps.accounts.permissions import Scope
from public_apps.accounts.viewsets import (
    CreateModelMixin,
    DestroyModelMixin,
    ListModelMixin,
    ModelViewSet,
    RetrieveModelMixin,
    WorkspaceViewSet,
)
from public_apps.core.idempotency import Content
from tenant_apps.buildings.models import Apartment, Party
from tenant_apps.buildings.serializers import WorkSerializer
from tenant_apps.files import serving
from tenant_apps.finances import filters, queries, serializers, statements
from tenant_apps.finances.actions import corrections, drafts, issuing, payments
from tenant_apps.finances.actions.issuing import Reckoning
from tenant_apps.finances.models import Account, Charge, Expense, Payment, Period


class PeriodViewSet(ListModelMixin, RetrieveModelMixin, CreateModelMixin, DestroyModelMixin):
    """A building's months; residents see issued ones of theirs."""

    resource = "periods"
    permissions = """
              owner    manager  staff    resident
    list      all      all      all      own
    retrieve  all      all      all      own
    create    all      all      -        -
    destroy   all      all      -        -
    preview   all      all      -        -
    issue     all      all      -        -
    close     all      all      -        -
    """
    serializer_class = serializers.PeriodSerializer
    filterset_class = filters.PeriodFilter
    ordering_fields = ("id", "month")
    queryset = Period.objects.none()

    def get_queryset(self) -> QuerySet[Period]:
        return queries.periods()

    def filter_own(self, rows: QuerySet[Period]) -> QuerySet[Period]:
        return queries.own_periods(rows, user=self.user)

    def perform_create(self, serializer: Any) -> Period:
        return self.get_queryset().get(pk=drafts.open_period(**serializer.validated_data).pk)

    def perform_destroy(self, instance: Period) -> None:
        drafts.remove_period(period=instance)

    @extend_schema(responses=serializers.PreviewSerializer)
    @action(detail=True, pagination_class=None, filterset_class=None)
    def preview(self, request: Request, pk: int) -> Response:
        """What each apartment would be charged if the month were issued now."""
        return Response(_preview(issuing.reckon(self.get_object())))

    @extend_schema(request=None, responses=serializers.IssuedSerializer)
    @action(detail=True, methods=["post"])
    def issue(self, request: Request, pk: int) -> Response:
        """Issue it, once and for all; with `If-Match`, only what was previewed."""

        def work() -> Any:
            asked = issuing.issue(period=self.get_object_for_update(), by=self.user)
            return {
                "period": self.get_serializer(self.get_object()).data,
                "work": asked and WorkSerializer(asked).data,
            }

        return self.idempotent(work)

    @extend_schema(request=None, responses=serializers.PeriodSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: int) -> Response:
        """Close it: nothing of it can be corrected any more."""

        def work() -> Any:
            drafts.close_period(period=self.get_object_for_update(), by=self.user)
            return self.get_serializer(self.get_object()).data

        return self.idempotent(work)


class ExpenseViewSet(ModelViewSet):
    """What months cost; residents see issued ones that they have a share in."""

    resource = "expenses"
    permissions = """
                    owner    manager  staff    resident
    list            all      all      all      own
    retrieve        all      all      all      own
    attachment      all      all      all      own
    create          all      all      -        -
    partial_update  all      all      -        -
    destroy         all      all      -        -
    reverse         all      all      -        -
    """
    serializer_class = serializers.ExpenseSerializer
    filterset_class = filters.ExpenseFilter
    ordering_fields = ("id", "spent_on", "amount")
    queryset = Expense.objects.none()

    def get_queryset(self) -> QuerySet[Expense]:
        rows = Expense.objects.select_related("period", "attachment")
        return rows.prefetch_related("chosen")

    def filter_own(self, rows: QuerySet[Expense]) -> QuerySet[Expense]:
        return queries.own_expenses(rows, user=self.user)

    def get_serializer_class(self) -> type[serializers.ExpenseSerializer]:
        if self.action == "partial_update":
            return serializers.ExpenseChangeSerializer
        return serializers.ExpenseSerializer

    def get_object_for_update(self) -> Any:
        """Lock the month first, as whoever issues it does: the other way round both would wait."""
        drafts.lock_month(self.get_object().period_id)
        return super().get_object_for_update()

    def perform_create(self, serializer: Any) -> Expense:
        return self.get_queryset().get(
            pk=drafts.add_expense(by=self.user, **serializer.validated_data).pk
        )

    def perform_update(self, serializer: Any) -> Expense:
        return self.get_queryset().get(
            pk=drafts.change_expense(expense=serializer.instance, **serializer.validated_data).pk
        )

    def perform_destroy(self, instance: Expense) -> None:
        drafts.remove_expense(expense=instance)

    @extend_schema(request=serializers.ReasonSerializer, responses=serializers.ExpenseSerializer)
    @action(detail=True, methods=["post"])
    def reverse(self, request: Request, pk: int) -> Response:
        """Give every apartment back what an issued expense cost it."""

        def work() -> Any:
            reason = _read(serializers.ReasonSerializer, request)["reason"]
            corrections.reverse_expense(
                expense=self.get_object_for_update(), reason=reason, by=self.user
            )
            return self.get_serializer(self.get_object()).data

        return self.idempotent(work)

    @extend_schema(responses={(200, "*/*"): OpenApiResponse(OpenApiTypes.BINARY)})
    @action(detail=True, renderer_classes=serving.RENDERERS)
    def attachment(self, request: Request, pk: int) -> HttpResponse:
        """The file itself."""
        stored = self.get_object().attachment
        if stored is None:
            raise Http404
        return serving.response(stored)


class ChargeViewSet(ListModelMixin, RetrieveModelMixin):
    """What apartments owe; residents see their own."""

    resource = "charges"
    permissions = """
              owner    manager  staff    resident
    list      all      all      -        own
    retrieve  all      all      -        own
    correct   all      all      -        -
    """
    serializer_class = serializers.ChargeSerializer
    filterset_class = filters.ChargeFilter
    ordering_fields = {
        "id": "id", "month": "period__month", "amount": "amount",
        "apartment_number": "apartment__number",
        # Deprecated: what is answered is called month and apartment_number.
        "period__month": "period__month", "apartment__number": "apartment__number",
    }  # fmt: skip
    queryset = Charge.objects.none()

    def get_queryset(self) -> QuerySet[Charge]:
        return Charge.objects.select_related("period", "apartment")

    def filter_own(self, rows: QuerySet[Charge]) -> QuerySet[Charge]:
        return queries.own_charges(rows, user=self.user)

    def get_serializer_class(self) -> type[serializers.ChargeSerializer]:
        if self.action == "retrieve":
            return serializers.ChargeInFullSerializer
        return serializers.ChargeSerializer

    @extend_schema(
        request=serializers.CorrectionSerializer,
        responses={HTTPStatus.CREATED: serializers.CorrectedSerializer},
    )
    @action(detail=True, methods=["post"])
    def correct(self, request: Request, pk: int) -> Response:
        """Raise it by a further charge, or lower it by a credit note."""

        def work() -> Any:
            asked = _read(serializers.CorrectionSerializer, request)
            made = corrections.correct_charge(charge=self.get_object(), by=self.user, **asked)
            is_charge = isinstance(made, Charge)
            told = {
                "charge": made.pk if is_charge else None,
                "payment": None if is_charge else made.pk,
            }
            place = reverse("charges-detail" if is_charge else "payments-detail", args=[made.pk])
            return Content(told, {"Location": place})

        return self.idempotent(work, status=HTTPStatus.CREATED)


class PaymentViewSet(ListModelMixin, RetrieveModelMixin, CreateModelMixin):
    """Money that came in; residents see their own."""

    resource = "payments"
    permissions = """
              owner    manager  staff    resident
    list      all      all      -        own
    retrieve  all      all      -        own
    create    all      all      -        -
    reverse   all      all      -        -
    """
    serializer_class = serializers.PaymentSerializer
    filterset_class = filters.PaymentFilter
    ordering_fields = ("id", "paid_on", "amount")
    queryset = Payment.objects.none()

    def get_queryset(self) -> QuerySet[Payment]:
        rows = Payment.objects.select_related("apartment")
        return rows.prefetch_related("allocations__charge__period")

    def filter_own(self, rows: QuerySet[Payment]) -> QuerySet[Payment]:
        return queries.own_payments(rows, user=self.user)

    def perform_create(self, serializer: Any) -> Payment:
        return self.get_queryset().get(
            pk=payments.record_payment(by=self.user, **serializer.validated_data).pk
        )

    @extend_schema(request=serializers.ReasonSerializer, responses=serializers.PaymentSerializer)
    @action(detail=True, methods=["post"])
    def reverse(self, request: Request, pk: int) -> Response:
        """Take a payment back that never came: what it paid is open again."""

        def work() -> Any:
            reason = _read(serializers.ReasonSerializer, request)["reason"]
            # Not `locked`: accounts come before payments, or two would wait for one another.
            payments.reverse_payment(payment=self.get_object(), reason=reason, by=self.user)
            return self.get_serializer(self.get_object()).data

        return self.idempotent(work)


class BalanceViewSet(ListModelMixin):
    """What each owner and tenant owes in all; residents see their own."""

    resource = "balances"
    permissions = """
          owner    manager  staff    resident
    list  all      all      -        own
    """
    serializer_class = serializers.BalanceSerializer
    filterset_class = filters.BalanceFilter
    ordering_fields = {
        "id": "id", "balance": "known_balance", "apartment_number": "apartment__number",
        "apartment__number": "apartment__number",  # deprecated
    }  # fmt: skip
    queryset = Account.objects.none()

    def get_queryset(self) -> QuerySet[Account]:
        return queries.balances()

    def filter_own(self, rows: QuerySet[Account]) -> QuerySet[Account]:
        return queries.own_accounts(rows, user=self.user)


class Csv(BaseRenderer):
    """The statement as a spreadsheet reads it."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        """Return what the view has written; a problem stays JSON."""
        return data.encode() if isinstance(data, str) else bytes(JSONRenderer().render(data))


class StatementViewSet(WorkspaceViewSet):
    """An apartment's statement; residents see their own."""

    resource = "statements"
    is_served_by_name = False
    permissions = """
              owner    manager  staff    resident
    retrieve  all      all      -        own
    """
    serializer_class = serializers.StatementSerializer
    queryset = Apartment.objects.none()
    renderer_classes = (JSONRenderer, Csv)

    @extend_schema(
        parameters=[serializers.SpanSerializer],
        responses={
            (200, "application/json"): serializers.StatementSerializer,
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def retrieve(self, request: Request, pk: int) -> Response:
        """Return what was charged and paid, with balances; as CSV by `Accept` or `?format=csv`."""
        span = serializers.SpanSerializer(data=request.query_params)
        span.is_valid(raise_exception=True)
        apartment = get_object_or_404(Apartment, pk=pk)
        user = self.user if self.scope is Scope.OWN else None
        seen = queries.statement_for(apartment, user=user)
        if seen is None:
            raise Http404
        parties, known = seen
        statement = statements.of_apartment(
            apartment, parties=parties, known=known, **span.validated_data
        )
        if isinstance(request.accepted_renderer, Csv):
            return Response(statements.as_csv(statement))
        return Response(serializers.StatementSerializer(statement).data)


def _preview(reckoning: Reckoning) -> dict[str, Any]:
    owed: Counter[tuple[int, str]] = reckoning.charges()
    rows = [
        {
            "apartment": apartment.pk,
            "number": apartment.number,
            "mills": apartment.mills,
            "owner": owed[apartment.pk, Party.OWNER],
            "tenant": owed[apartment.pk, Party.TENANT],
            "total": owed[apartment.pk, Party.OWNER] + owed[apartment.pk, Party.TENANT],
        }
        for apartment in reckoning.apartments
    ]
    return {
        "issuable": reckoning.refusal is None,
        "problem": "" if reckoning.refusal is None else reckoning.refusal.detail,
        "mills_sum": sum(apartment.mills for apartment in reckoning.apartments),
        "total": sum(expense.amount for expense in reckoning.expenses),
        "apartments": rows,
    }


def _read(serializer: Any, request: Request) -> dict[str, Any]:
    asked = serializer(data=request.data)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)
