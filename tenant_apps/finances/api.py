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

from public_apps.accounts.permissions import Reach
from public_apps.accounts.viewsets import Changed, Created, Listed, Removed, Resource, Retrieved
from public_apps.core.idempotency import Content
from tenant_apps.buildings.models import Apartment, Party
from tenant_apps.buildings.serializers import WorkSerializer
from tenant_apps.files import serving
from tenant_apps.finances import filters, queries, serializers, statements
from tenant_apps.finances.actions import corrections, drafts, issuing, payments
from tenant_apps.finances.actions.issuing import Reckoning
from tenant_apps.finances.models import Account, Charge, Expense, Payment, Period


class Periods(Listed, Retrieved, Created, Removed):
    """A building's months; residents see issued ones of theirs."""

    resource = "periods"
    serializer_class = serializers.PeriodSerializer
    filterset_class = filters.PeriodFilter
    ordering_fields = ("id", "month")
    queryset = Period.objects.none()

    def rows(self) -> QuerySet[Period]:
        return queries.periods()

    def own(self, rows: QuerySet[Period]) -> QuerySet[Period]:
        return queries.own_periods(rows, user=self.me)

    def add(self, data: dict[str, Any]) -> Period:
        return self.rows().get(pk=drafts.open_period(**data).pk)

    def remove(self, row: Period) -> None:
        drafts.remove_period(period=row)

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
            asked = issuing.issue(period=self.locked(), by=self.me)
            return {
                "period": self.get_serializer(self.get_object()).data,
                "work": asked and WorkSerializer(asked).data,
            }

        return self.once(work)

    @extend_schema(request=None, responses=serializers.PeriodSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: int) -> Response:
        """Close it: nothing of it can be corrected any more."""

        def work() -> Any:
            drafts.close_period(period=self.locked(), by=self.me)
            return self.get_serializer(self.get_object()).data

        return self.once(work)


class Expenses(Listed, Retrieved, Created, Changed, Removed):
    """What months cost; residents see issued ones that they have a share in."""

    resource = "expenses"
    serializer_class = serializers.ExpenseSerializer
    filterset_class = filters.ExpenseFilter
    ordering_fields = ("id", "spent_on", "amount")
    queryset = Expense.objects.none()

    def rows(self) -> QuerySet[Expense]:
        rows = Expense.objects.select_related("period", "attachment")
        return rows.prefetch_related("chosen")

    def own(self, rows: QuerySet[Expense]) -> QuerySet[Expense]:
        return queries.own_expenses(rows, user=self.me)

    def get_serializer_class(self) -> type[serializers.ExpenseSerializer]:
        if self.action == "partial_update":
            return serializers.ExpenseChangeSerializer
        return serializers.ExpenseSerializer

    def locked(self) -> Any:
        """Lock the month first, as whoever issues it does: the other way round both would wait."""
        drafts.lock_month(self.get_object().period_id)
        return super().locked()

    def add(self, data: dict[str, Any]) -> Expense:
        return self.rows().get(pk=drafts.add_expense(by=self.me, **data).pk)

    def change(self, row: Expense, data: dict[str, Any]) -> Expense:
        return self.rows().get(pk=drafts.change_expense(expense=row, **data).pk)

    def remove(self, row: Expense) -> None:
        drafts.remove_expense(expense=row)

    @extend_schema(request=serializers.ReasonSerializer, responses=serializers.ExpenseSerializer)
    @action(detail=True, methods=["post"])
    def reverse(self, request: Request, pk: int) -> Response:
        """Give every apartment back what an issued expense cost it."""

        def work() -> Any:
            reason = _read(serializers.ReasonSerializer, request)["reason"]
            corrections.reverse_expense(expense=self.locked(), reason=reason, by=self.me)
            return self.get_serializer(self.get_object()).data

        return self.once(work)

    @extend_schema(responses={(200, "*/*"): OpenApiResponse(OpenApiTypes.BINARY)})
    @action(detail=True, renderer_classes=serving.RENDERERS)
    def attachment(self, request: Request, pk: int) -> HttpResponse:
        """The file itself."""
        stored = self.get_object().attachment
        if stored is None:
            raise Http404
        return serving.response(stored)


class Charges(Listed, Retrieved):
    """What apartments owe; residents see their own."""

    resource = "charges"
    serializer_class = serializers.ChargeSerializer
    filterset_class = filters.ChargeFilter
    ordering_fields = {
        "id": "id", "month": "period__month", "amount": "amount",
        "apartment_number": "apartment__number",
        # Deprecated: what is answered is called month and apartment_number.
        "period__month": "period__month", "apartment__number": "apartment__number",
    }  # fmt: skip
    queryset = Charge.objects.none()

    def rows(self) -> QuerySet[Charge]:
        return Charge.objects.select_related("period", "apartment")

    def own(self, rows: QuerySet[Charge]) -> QuerySet[Charge]:
        return queries.own_charges(rows, user=self.me)

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
            made = corrections.correct_charge(charge=self.get_object(), by=self.me, **asked)
            is_charge = isinstance(made, Charge)
            told = {
                "charge": made.pk if is_charge else None,
                "payment": None if is_charge else made.pk,
            }
            place = reverse("charges-detail" if is_charge else "payments-detail", args=[made.pk])
            return Content(told, {"Location": place})

        return self.once(work, status=HTTPStatus.CREATED)


class Payments(Listed, Retrieved, Created):
    """Money that came in; residents see their own."""

    resource = "payments"
    serializer_class = serializers.PaymentSerializer
    filterset_class = filters.PaymentFilter
    ordering_fields = ("id", "paid_on", "amount")
    queryset = Payment.objects.none()

    def rows(self) -> QuerySet[Payment]:
        rows = Payment.objects.select_related("apartment")
        return rows.prefetch_related("allocations__charge__period")

    def own(self, rows: QuerySet[Payment]) -> QuerySet[Payment]:
        return queries.own_payments(rows, user=self.me)

    def add(self, data: dict[str, Any]) -> Payment:
        return self.rows().get(pk=payments.record_payment(by=self.me, **data).pk)

    @extend_schema(request=serializers.ReasonSerializer, responses=serializers.PaymentSerializer)
    @action(detail=True, methods=["post"])
    def reverse(self, request: Request, pk: int) -> Response:
        """Take a payment back that never came: what it paid is open again."""

        def work() -> Any:
            reason = _read(serializers.ReasonSerializer, request)["reason"]
            # Not `locked`: accounts come before payments, or two would wait for one another.
            payments.reverse_payment(payment=self.get_object(), reason=reason, by=self.me)
            return self.get_serializer(self.get_object()).data

        return self.once(work)


class Balances(Listed):
    """What each owner and tenant owes in all; residents see their own."""

    resource = "balances"
    serializer_class = serializers.BalanceSerializer
    filterset_class = filters.BalanceFilter
    ordering_fields = {
        "id": "id", "balance": "balance", "apartment_number": "apartment__number",
        "apartment__number": "apartment__number",  # deprecated
    }  # fmt: skip
    queryset = Account.objects.none()

    def rows(self) -> QuerySet[Account]:
        return queries.balances()

    def own(self, rows: QuerySet[Account]) -> QuerySet[Account]:
        return queries.own_accounts(rows, user=self.me)


class Csv(BaseRenderer):
    """The statement as a spreadsheet reads it."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        """Return what the view has written; a problem stays JSON."""
        return data.encode() if isinstance(data, str) else bytes(JSONRenderer().render(data))


class Statements(Resource):
    """An apartment's statement; residents see their own."""

    resource = "statements"
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
        user = self.me if self.reach is Reach.OWN else None
        seen = queries.statement_for(apartment, user=user)
        if seen is None:
            raise Http404
        parties, known_since = seen
        statement = statements.of_apartment(
            apartment, parties=parties, known_since=known_since, **span.validated_data
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
