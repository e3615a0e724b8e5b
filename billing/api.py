"""The public billing API: each view parses, calls one verb, and renders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import (
    checkout,
    checkout_sessions,
    plans,
    serializers,
    signup_changes,
    throttles,
    trials,
)
from public_apps.core import idempotency, origins
from public_apps.core.cache_headers import for_everybody
from public_apps.core.rest.etags import created
from public_apps.core.rest.openapi import ProblemSerializer
from public_apps.onboarding import progress, subdomains, welcome
from public_apps.onboarding.models import Signup

PROBLEM = OpenApiResponse(ProblemSerializer)
SIGNUP_ID = OpenApiParameter("signup_id", OpenApiTypes.UUID, OpenApiParameter.PATH)
OWN_SIGNUP = OpenApiParameter(
    "signup",
    OpenApiTypes.UUID,
    description="A sign-up that is being changed: the name that it holds is not taken for itself.",
)


class PublicView(APIView):
    """Open to strangers: no token is looked at."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


@for_everybody
class ConfigView(PublicView):
    @extend_schema(responses=serializers.ConfigSerializer, operation_id="billing_config")
    def get(self, request: Request) -> Response:
        """What the frontend needs to know of the payment provider."""
        stripe = settings.STRIPE
        shown = {
            "publishable_key": stripe.publishable_key,
            "currency": stripe.currency,
            "mode": stripe.mode,
        }
        return Response(shown)


@for_everybody
class PlansView(PublicView):
    @extend_schema(responses=serializers.PlanSerializer(many=True), operation_id="billing_plans")
    def get(self, request: Request) -> Response:
        """The plans that can be bought; amounts in minor units."""
        return Response(plans.offered())


class SubdomainView(PublicView):
    throttle_classes = (throttles.SubdomainLimit,)

    @extend_schema(
        operation_id="billing_subdomain",
        parameters=[OWN_SIGNUP],
        responses={200: serializers.AvailabilitySerializer, 429: PROBLEM},
    )
    def get(self, request: Request, label: str) -> Response:
        """Whether a subdomain can be had now; the reason is for people."""
        own = signup_changes.id_from(request.query_params.get("signup", ""))
        answer = serializers.AvailabilitySerializer(subdomains.availability(label, but=own))
        return Response(answer.data)


class CheckoutView(PublicView):
    throttle_classes = (throttles.OrderLimit,)

    @extend_schema(
        operation_id="billing_checkout",
        request=serializers.OrderSerializer,
        parameters=[idempotency.PARAMETER],
        responses={
            201: serializers.CheckoutStartedSerializer,
            409: serializers.ConflictSerializer,
            **dict.fromkeys((400, 422, 429, 502, 503), PROBLEM),
        },
    )
    def post(self, request: Request) -> Response:
        """Hold the subdomain and open a checkout session."""
        order = serializers.OrderSerializer(data=request.data)
        order.is_valid(raise_exception=True)
        wished = {**order.validated_data, **_way_back(request, order.validated_data)}
        with throttles.one_purchase(request), _told_of_payment(request):
            signup = checkout.start(
                order=checkout.Order(**wished),
                language=get_language() or "en",
                idempotency_key=idempotency.key_of(request),
            )
        status_path = reverse("billing:progress", args=[signup.checkout_session_id])
        started = {
            "signup_id": str(signup.pk),
            "session_id": signup.checkout_session_id,
            "checkout_url": signup.checkout_url,
            "status_url": _status_url(request, str(signup.checkout_session_id)),
            "trial_days": trials.days_of(signup),
        }
        return created(started, at=status_path)


class ProgressView(PublicView):
    @extend_schema(
        operation_id="billing_progress",
        responses={200: serializers.ProgressSerializer, 404: PROBLEM},
    )
    def get(self, request: Request, session_id: str) -> Response:
        """How far the way from payment to workspace has come; nothing personal."""
        signup = progress.by_session(session_id)
        if signup is None:
            raise Http404
        return Response(serializers.ProgressSerializer(progress.of(signup)).data)


class WelcomeMailView(PublicView):
    throttle_classes = (throttles.WelcomeMailLimit, throttles.WelcomeMailsOfSession)

    @extend_schema(
        operation_id="billing_welcome_mail",
        request=None,
        responses={202: serializers.WelcomeMailSerializer, 404: PROBLEM, 429: PROBLEM},
    )
    def post(self, request: Request, session_id: str) -> Response:
        """Send the welcome mail again, with a new link, to the owner who has no password yet."""
        signup = progress.by_session(session_id)
        if signup is None:
            raise Http404
        welcome.enqueue_again(signup=signup)
        told = _(
            "If the workspace is ready and waits for its password, another mail is on its way."
        )
        return Response({"detail": told}, HTTPStatus.ACCEPTED)


@extend_schema(parameters=[SIGNUP_ID])
class SignupView(PublicView):
    @extend_schema(
        operation_id="billing_signup",
        responses={200: serializers.SignupSerializer, 404: PROBLEM},
    )
    def get(self, request: Request, signup_id: UUID) -> Response:
        """A sign-up, for the buyer who comes back to it: its id is known to nobody else."""
        return _shown(request, signup_changes.find(signup_id))

    @extend_schema(
        operation_id="billing_signup_change",
        request=serializers.OrderSerializer,
        responses={
            200: serializers.SignupSerializer,
            409: serializers.ConflictSerializer,
            **dict.fromkeys((400, 404, 410, 429, 502, 503), PROBLEM),
        },
    )
    def patch(self, request: Request, signup_id: UUID) -> Response:
        """Change a sign-up that is not paid: the payment page before is closed, another one opened.

        The same again changes nothing. 409 `already-paid` with a `status_url` if the payment was
        quicker, 410 if it was given up or is a day old.
        """
        throttles.one_order(request)
        given = serializers.OrderSerializer(data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        changes = dict(given.validated_data)
        changes.pop("frontend_url", None)
        changes |= _way_back(request, given.validated_data)
        with throttles.one_purchase(request), _told_of_payment(request):
            signup = signup_changes.change(
                signup_id=signup_id, changes=changes, language=get_language() or "en"
            )
        return _shown(request, signup)

    @extend_schema(
        operation_id="billing_signup_give_up",
        responses={
            204: None,
            409: serializers.ConflictSerializer,
            **dict.fromkeys((404, 429, 502, 503), PROBLEM),
        },
    )
    def delete(self, request: Request, signup_id: UUID) -> Response:
        """Give a sign-up up: it can't be paid any more, its name is free, what was typed forgotten."""
        throttles.one_order(request)
        with _told_of_payment(request):
            signup_changes.give_up(signup_id=signup_id)
        return Response(status=HTTPStatus.NO_CONTENT)


def _shown(request: Request, signup: Signup) -> Response:
    session_id = signup.checkout_session_id
    shown = {
        **signup_changes.summary_of(signup),
        "status_url": _status_url(request, session_id) if session_id else None,
    }
    return Response(serializers.SignupSerializer(shown).data)


def _status_url(request: Request, session_id: str) -> str:
    return request.build_absolute_uri(reverse("billing:progress", args=[session_id]))


def _way_back(request: Request, given: Mapping[str, Any]) -> dict[str, str]:
    """Return the site to lead back to, if one is named or its page asks; empty is our settings'."""
    calling = origins.caller_of(request) if settings.FRONTEND_URL else ""
    site = str(given.get("frontend_url") or calling)
    if not site:
        return {}
    return {"frontend_url": "" if site == origins.of_frontend() else site}


@contextmanager
def _told_of_payment(request: Request) -> Iterator[None]:
    """Tell a buyer whose payment was quicker where to see what comes of it."""
    try:
        yield
    except checkout_sessions.AlreadyPaid as paid:
        paid.status_url = _status_url(request, paid.session_id)
        raise
