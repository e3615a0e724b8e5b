"""The public billing API: each view parses, calls one verb, and renders."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404
from django.urls import reverse
from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import checkout, plans, serializers, throttles
from public_apps.core import idempotency
from public_apps.core.caching import for_everybody
from public_apps.core.rest.descriptions import ProblemSerializer
from public_apps.core.rest.etags import created
from public_apps.onboarding import progress, subdomains

PROBLEM = OpenApiResponse(ProblemSerializer)


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

    @extend_schema(responses=serializers.AvailabilitySerializer, operation_id="billing_subdomain")
    def get(self, request: Request, label: str) -> Response:
        """Whether a subdomain can be had now; the reason is for people."""
        answer = serializers.AvailabilitySerializer(subdomains.availability(label))
        return Response(answer.data)


class CheckoutView(PublicView):
    throttle_classes = (throttles.OrderLimit,)

    @extend_schema(
        operation_id="billing_checkout",
        request=serializers.OrderSerializer,
        parameters=[idempotency.PARAMETER],
        responses={
            201: serializers.CheckoutStartedSerializer,
            **dict.fromkeys((400, 409, 422, 429, 502, 503), PROBLEM),
        },
    )
    def post(self, request: Request) -> Response:
        """Hold the subdomain and open a checkout session."""
        order = serializers.OrderSerializer(data=request.data)
        order.is_valid(raise_exception=True)
        with throttles.one_purchase(request):
            signup = checkout.start(
                order=checkout.Order(**order.validated_data),
                language=get_language() or "en",
                idempotency_key=idempotency.key_of(request),
            )
        status_path = reverse("billing:progress", args=[signup.checkout_session_id])
        started = {
            "signup_id": str(signup.pk),
            "session_id": signup.checkout_session_id,
            "checkout_url": signup.checkout_url,
            "status_url": request.build_absolute_uri(status_path),
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
