"""/api/domains/ and /api/subdomain/: a workspace's addresses, for its owners."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from public_apps.accounts.viewsets import WorkspaceViewSet
from public_apps.core.idempotency import Content
from public_apps.tenants.custom_domains import services
from public_apps.tenants.models import DnsProblem, Domain, DomainClaim, Tenant


class RecordSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=["TXT", "CNAME"])
    name = serializers.CharField()
    value = serializers.CharField()


class OwnDomainSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    host = serializers.CharField(help_text="as DNS knows it, in punycode")
    name = serializers.CharField(help_text="as people write it")
    is_primary = serializers.BooleanField()
    verified_at = serializers.DateTimeField(allow_null=True)
    checked_at = serializers.DateTimeField(allow_null=True)
    failing_since = serializers.DateTimeField(allow_null=True)
    problem = serializers.ChoiceField(choices=DnsProblem.choices)
    problem_text = serializers.CharField(allow_blank=True)
    records = RecordSerializer(many=True)


class OldNameSerializer(serializers.ModelSerializer[Domain]):
    host = serializers.CharField(source="domain")
    until = serializers.DateTimeField(source="retires_at")

    class Meta:
        model = Domain
        fields = ("host", "until")


class AddressesSerializer(serializers.Serializer[Any]):
    subdomain = serializers.CharField()
    subdomain_host = serializers.CharField()
    subdomain_is_primary = serializers.BooleanField()
    old_names = OldNameSerializer(many=True)
    own = OwnDomainSerializer(many=True)


class NewDomainSerializer(serializers.Serializer[Any]):
    host = serializers.CharField(max_length=253)


class SubdomainSerializer(serializers.Serializer[Any]):
    subdomain = serializers.CharField(max_length=40)


class Addressed(WorkspaceViewSet):
    """What both resources need: the tenant, and the answer with all its addresses."""

    pagination_class = None  # type: ignore[assignment]  # so few are no pages
    filter_backends = ()  # type: ignore[assignment]

    def get_queryset(self) -> QuerySet[DomainClaim]:
        return DomainClaim.objects.none()

    @property
    def tenant(self) -> Tenant:
        """The tenant at whose host this is asked."""
        tenant: Tenant = self.request.tenant  # type: ignore[attr-defined]  # as TenantRequest
        return tenant

    def addresses(self) -> dict[str, Any]:
        """Return all addresses as the API shows them."""
        return dict(AddressesSerializer(services.addresses(self.tenant)).data)


class DomainViewSet(Addressed):
    """Domains of its own: added, verified by DNS, made the first address, removed."""

    resource = "domains"
    serializer_class = OwnDomainSerializer

    @extend_schema(responses=forced_singular_serializer(AddressesSerializer))  # type: ignore[no-untyped-call]
    def list(self, request: Request) -> Response:
        """All addresses of the workspace, with the records that each domain needs."""
        return Response(self.addresses())

    def retrieve(self, request: Request, pk: int) -> Response:
        """One domain."""
        return Response(self._shown(self._claim(pk)))

    @extend_schema(request=NewDomainSerializer, responses={201: OwnDomainSerializer})
    def create(self, request: Request) -> Response:
        """Add a domain; it is not served before DNS proves that it is yours."""

        def work() -> Content:
            host = self.get_validated_data()["host"]
            claim = services.add(tenant=self.tenant, host=host, by=self.user)
            return Content(self._shown(claim), {"Location": self.get_location(claim)})

        return self.idempotent(work, status=201)

    def destroy(self, request: Request, pk: int) -> Response:
        """Give a domain up: it is served no more."""
        claim = self._claim(pk)
        with self.held():
            services.remove(tenant=self.tenant, claim=claim, by=self.user)
        return Response(status=204)

    @extend_schema(request=None, responses=OwnDomainSerializer)
    @action(detail=True, methods=["post"])
    def verify(self, request: Request, pk: int) -> Response:
        """Ask DNS now; `problem` says what is missing. Once in ten seconds."""
        claim = services.check(tenant=self.tenant, claim=self._claim(pk), by=self.user)
        return Response(self._shown(claim))

    @extend_schema(request=None, responses=AddressesSerializer)
    @action(detail=True, methods=["post"], url_path="make-primary")
    def make_primary(self, request: Request, pk: int) -> Response:
        """Make a verified domain the first address: links lead there, pages elsewhere redirect."""
        host = self._claim(pk).host
        return self.idempotent(lambda: self._put_first(host))

    def get_input_serializer(self, *args: Any, **kwargs: Any) -> NewDomainSerializer:
        return NewDomainSerializer(*args, **kwargs)

    def _put_first(self, host: str) -> dict[str, Any]:
        services.make_primary(tenant=self.tenant, host=host, by=self.user)
        return self.addresses()

    def _claim(self, pk: int) -> DomainClaim:
        claim = services.claim_of(self.tenant, pk)
        if claim is None:
            raise Http404
        return claim

    def _shown(self, claim: DomainClaim) -> dict[str, Any]:
        return dict(OwnDomainSerializer(asdict(services.describe(self.tenant, claim))).data)


class SubdomainView(Addressed):
    """The subdomain, which can change."""

    resource = "subdomain"
    serializer_class = AddressesSerializer

    def retrieve(self, request: Request) -> Response:
        """The subdomain, old names that still lead to it, and own domains."""
        return Response(self.addresses())

    @extend_schema(request=SubdomainSerializer, responses={200: AddressesSerializer})
    def create(self, request: Request) -> Response:
        """Change it. The old one redirects for 90 days, and nobody else can have it meanwhile."""
        return self.idempotent(self._changed)

    @extend_schema(request=None, responses=AddressesSerializer)
    def make_primary(self, request: Request) -> Response:
        """Make the subdomain the first address again."""

        def work() -> dict[str, Any]:
            host = services.addresses(self.tenant).subdomain_host
            services.make_primary(tenant=self.tenant, host=host, by=self.user)
            return self.addresses()

        return self.idempotent(work)

    def get_input_serializer(self, *args: Any, **kwargs: Any) -> SubdomainSerializer:
        return SubdomainSerializer(*args, **kwargs)

    def _changed(self) -> dict[str, Any]:
        label = self.get_validated_data()["subdomain"]
        services.change_subdomain(tenant=self.tenant, label=label, by=self.user)
        return self.addresses()
