"""/api/subscription/ and /api/invoices/ on a tenant's host, for its owners alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.conf import settings
from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import contacts, sale
from billing.owners import account, actions, documents, overview, resubscribe, serializers
from billing.owners.account import Account
from public_apps.accounts import authority
from public_apps.accounts.permissions import HasWorkspacePermission
from public_apps.core import idempotency, origins
from public_apps.core.models import IdempotentRequest
from public_apps.core.rest.filters import KnownQuery
from public_apps.core.rest.openapi import ProblemSerializer
from public_apps.core.rest.pagination import Cursor
from public_apps.core.rest.throttling import Limit
from public_apps.tenants import links

PROBLEM = OpenApiResponse(ProblemSerializer)
REFUSALS = dict.fromkeys((401, 403, 409, 422, 429, 502, 503), PROBLEM)
Verb = Callable[[Account, IdempotentRequest], dict[str, Any]]
Deed = str | Callable[[dict[str, Any]], str]


class ChangeLimit(Limit):
    """So many changes per owner."""

    scope = "subscription"

    def who(self, request: Request) -> str:
        return str(request.user.pk)

    def allow_request(self, request: Request, view: APIView | None) -> bool:
        return request.method != "POST" or super().allow_request(request, view)


class OwnerView(APIView):
    """Whatever comes here may come twice."""

    operation: ClassVar[str]
    refusal = account.NOT_YOURS
    permission_classes = (IsAuthenticated, HasWorkspacePermission)
    throttle_classes = (ChangeLimit,)

    def idempotent(self, request: Request, verb: Verb, *, did: Deed) -> Response:
        """Answer with what the verb says, now or when it was asked first; `did` names it in the log."""

        def work(row: IdempotentRequest) -> dict[str, Any]:
            with account.of_owner(request) as owners:
                answer = verb(owners, row)
            if deed := did(answer) if callable(did) else did:
                account.tell(request, did=deed)
            return answer

        def look_again() -> None:
            authority.hold(request, self.operation)

        with sale.telling_staff(), idempotency.guarded(look_again):
            return idempotency.respond_once(request, work)


class SubscriptionView(OwnerView):
    operation = "subscription.retrieve"

    @extend_schema(
        responses={200: serializers.SubscriptionSerializer, 401: PROBLEM, 403: PROBLEM},
        operation_id="subscription",
    )
    def get(self, request: Request) -> Response:
        """Plan, price, dates, problems, limits, and which changes would be taken now."""
        with account.of_owner(request) as owners:
            return Response(_shown(owners))


class ChangePlanView(OwnerView):
    operation = "subscription.change_plan"

    @extend_schema(
        operation_id="subscription_change_plan",
        request=serializers.PlanChangeSerializer,
        parameters=[idempotency.PARAMETER],
        responses={
            200: PolymorphicProxySerializer(
                component_name="PlanChange",
                serializers=[serializers.PlanPreviewSerializer, serializers.SubscriptionSerializer],
                resource_type_field_name=None,
            ),
            400: PROBLEM,
            402: PROBLEM,
            **REFUSALS,
        },
    )
    def post(self, request: Request) -> Response:
        """Move to another plan or interval, charged at once; with `preview`, only say the cost.

        With `when` `period_end`, a change to a smaller plan is planned and nothing charged: it is
        `scheduled_change` until then, and `give-up-change/` drops it.

        Where the bank wants the payment to be confirmed, nothing has changed yet: `next_action` says
        where to do that. Another change meanwhile is refused with 409.
        """
        wish = serializers.PlanChangeSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        given = dict(wish.validated_data)
        only_preview = given.pop("preview")
        wished = actions.PlanChange(**given)

        def verb(owners: Account, row: IdempotentRequest) -> dict[str, Any]:
            if only_preview:
                costs = actions.preview_change(account=owners, wish=wished)
                return dict(serializers.PlanPreviewSerializer(costs).data)
            actions.change_plan(account=owners, wish=wished, request=row)
            return _shown(owners)

        return self.idempotent(request, verb, did="" if only_preview else _done_or_planned(wished))


class GiveUpChangeView(OwnerView):
    operation = "subscription.change_plan"

    @extend_schema(
        operation_id="subscription_give_up_change",
        request=None,
        parameters=[idempotency.PARAMETER],
        responses={200: serializers.SubscriptionSerializer, **REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Drop the change that waits, for its payment or for the period's end; nothing is charged."""

        def verb(owners: Account, row: IdempotentRequest) -> dict[str, Any]:
            actions.give_up_change(account=owners, request=row)
            return _shown(owners)

        return self.idempotent(request, verb, did="subscription.change_given_up")


class CancelView(OwnerView):
    operation = "subscription.cancel"

    @extend_schema(
        operation_id="subscription_cancel",
        request=None,
        parameters=[idempotency.PARAMETER],
        responses={200: serializers.SubscriptionSerializer, **REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """End the subscription with the period that is paid for."""

        def verb(owners: Account, row: IdempotentRequest) -> dict[str, Any]:
            actions.cancel(account=owners, request=row)
            return _shown(owners)

        return self.idempotent(request, verb, did="subscription.cancelled")


class ResumeView(OwnerView):
    operation = "subscription.resume"

    @extend_schema(
        operation_id="subscription_resume",
        request=None,
        parameters=[idempotency.PARAMETER],
        responses={200: serializers.SubscriptionSerializer, 402: PROBLEM, **REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Take a cancellation back, or go on after a pause.

        What follows a pause is paid: `next_action` says where to confirm that, if the bank asks.
        """

        def verb(owners: Account, row: IdempotentRequest) -> dict[str, Any]:
            actions.resume(account=owners, request=row)
            return _shown(owners)

        return self.idempotent(request, verb, did=_done_or_asked("subscription.resumed"))


class PortalView(OwnerView):
    operation = "subscription.open_portal"

    @extend_schema(
        operation_id="subscription_portal",
        request=serializers.PortalSerializer,
        parameters=[idempotency.PARAMETER],
        responses={200: serializers.LeadOnSerializer, 400: PROBLEM, **REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Open Stripe's customer portal: cards, addresses, invoices."""
        given = serializers.PortalSerializer(data=request.data)
        given.is_valid(raise_exception=True)

        def verb(owners: Account, row: IdempotentRequest) -> dict[str, Any]:
            back = _way_back(owners, request, given.validated_data)
            return {"url": actions.open_portal(account=owners, request=row, back=back)}

        return self.idempotent(request, verb, did="subscription.portal_opened")


class BillingContactView(OwnerView):
    operation = "subscription.name_contact"

    @extend_schema(
        operation_id="subscription_contact",
        request=serializers.NamedContactSerializer,
        parameters=[idempotency.PARAMETER],
        responses={200: serializers.SubscriptionSerializer, 400: PROBLEM, **REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Name whom mails about money go to beside the owners, Stripe's own as well; empty: nobody."""
        given = serializers.NamedContactSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        wished = given.validated_data

        def verb(owners: Account, _row: IdempotentRequest) -> dict[str, Any]:
            contacts.name(tenant=owners.tenant, email=wished["email"], called=wished["name"])
            return _shown(owners)

        return self.idempotent(request, verb, did="subscription.contact_named")


class BeginAgainView(OwnerView):
    operation = "subscription.begin_again"

    @extend_schema(
        operation_id="subscription_begin_again",
        request=serializers.BeginAgainSerializer,
        parameters=[idempotency.PARAMETER],
        responses={200: serializers.LeadOnSerializer, 400: PROBLEM, **REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Open a payment page for a workspace whose subscription has ended."""
        given = serializers.BeginAgainSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        choice = given.validated_data
        wish = actions.PlanChange(plan=choice["plan"], interval=choice["interval"])

        def verb(owners: Account, row: IdempotentRequest) -> dict[str, Any]:
            back = _way_back(owners, request, choice)
            url = resubscribe.begin_again(account=owners, wish=wish, request=row, back=back)
            return {"url": url}

        return self.idempotent(request, verb, did="subscription.begun_again")


class InvoicePages(Cursor):
    """20 rows a page, newest first."""

    page_size = 20
    ordering = ("-created_at", "-pk")


class InvoicesView(KnownQuery, OwnerView):
    operation = "invoices.list"
    pagination_class = InvoicePages

    @extend_schema(
        operation_id="invoices",
        responses={200: serializers.InvoicePageSerializer, 401: PROBLEM, 403: PROBLEM},
    )
    def get(self, request: Request) -> Response:
        """The invoices, newest first, with what was credited and given back of each.

        `hosted_url` and `pdf_url` end 30 days after an invoice was due: `links/` has fresh ones.
        """
        pages = InvoicePages()
        with account.of_owner(request) as owners:
            page = pages.paginate_queryset(owners.invoices(), request, view=self) or []
            rows = documents.with_credits(page)
            shown = serializers.InvoiceSerializer(rows, many=True).data
        return pages.get_paginated_response(shown)


class InvoiceLinksView(OwnerView):
    operation = "invoices.links"

    @extend_schema(
        operation_id="invoice_links",
        responses={
            200: serializers.InvoiceLinksSerializer,
            **dict.fromkeys((401, 403, 404, 410, 502, 503), PROBLEM),
        },
    )
    def get(self, request: Request, pk: str) -> Response:
        """Where an invoice and its credit notes are at Stripe just now: asked for as you ask."""
        with account.of_owner(request) as owners:
            found = documents.links_of(owners, pk)
        return Response(serializers.InvoiceLinksSerializer(found).data)


def _way_back(owners: Account, request: Request, given: dict[str, Any]) -> str:
    """Return where to come back to, at the site that is named or whose page asks, or by our settings."""
    calling = origins.caller_of(request) if settings.FRONTEND_LINKS else ""
    site = str(given.get("frontend_url") or calling)
    return links.to(owners.tenant, "subscription", frontend=site)


def _done_or_asked(done: str) -> Callable[[dict[str, Any]], str]:
    """Return what the log is told: that it is done, or that it waits for its payment."""
    return lambda shown: account.CHANGE_ASKED if shown["next_action"] else done


def _done_or_planned(wished: actions.PlanChange) -> Callable[[dict[str, Any]], str]:
    """Return what the log is told of a change of plan, which may come at the end of the period."""

    def deed(shown: dict[str, Any]) -> str:
        planned = (shown["scheduled_change"] or {}).get("plan") or {}
        later = planned.get("code") == wished.plan
        done = account.CHANGE_PLANNED if later else "subscription.plan_changed"
        return _done_or_asked(done)(shown)

    return deed


def _shown(owners: Account) -> dict[str, Any]:
    return dict(serializers.SubscriptionSerializer(overview.of(owners)).data)
