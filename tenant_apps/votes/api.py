"""/api/votes/"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from public_apps.accounts.permissions import Scope
from public_apps.accounts.viewsets import ModelViewSet
from public_apps.core.errors import Refused
from tenant_apps.buildings.models import Apartment
from tenant_apps.votes import actions, queries, results, serializers
from tenant_apps.votes.filters import VoteFilter
from tenant_apps.votes.models import State, Vote


@extend_schema_view(
    create=extend_schema(
        request=serializers.VoteInputSerializer, responses={201: serializers.VoteSerializer}
    ),
    partial_update=extend_schema(
        request=serializers.VoteInputSerializer, responses=serializers.VoteSerializer
    ),
)
class VoteViewSet(ModelViewSet):
    """Votes of a building's owners; residents see those of their buildings."""

    resource = "votes"
    permissions = """
                    owner    manager  staff    resident
    list            all      all      all      own
    retrieve        all      all      all      own
    create          all      all      -        -
    partial_update  all      all      -        -
    destroy         all      all      -        -
    close           all      all      -        -
    ballots         all      all      own      own
    cast            all      all      own      own
    results         all      all      own      own
    """
    serializer_class = serializers.VoteSerializer
    queryset = Vote.objects.none()
    filterset_class = VoteFilter
    ordering = "-opens_at"
    ordering_fields = ("opens_at", "closes_at", "created_at")

    def get_queryset(self) -> QuerySet[Vote]:
        return queries.everything()

    def filter_own(self, rows: QuerySet[Vote]) -> QuerySet[Vote]:
        return queries.visible_to(self.user, rows)

    def get_input_serializer(self, *args: Any, **kwargs: Any) -> serializers.VoteInputSerializer:
        return serializers.VoteInputSerializer(*args, **kwargs)

    def perform_create(self, serializer: Any) -> Vote:
        return self._read_anew(actions.call_vote(by=self.user, **serializer.validated_data))

    def perform_update(self, serializer: Any) -> Vote:
        return self._read_anew(
            actions.change(vote=serializer.instance, **serializer.validated_data)
        )

    def perform_destroy(self, instance: Vote) -> None:
        actions.call_off(vote=instance, by=self.user)

    @extend_schema(request=None, responses=serializers.VoteSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: int) -> Response:
        """Close it before its time, for good."""

        def work() -> Any:
            closed = actions.close(vote=self.get_object_for_update(), by=self.user)
            return self.get_serializer(self._read_anew(closed)).data

        return self.idempotent(work)

    @extend_schema(responses=serializers.LineSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None, checks_version=False)
    def ballots(self, request: Request, pk: int) -> Response:
        """The roll with its answers; of the apartments that you own, unless you run the vote."""
        vote = self.get_object()
        lines = queries.roll(vote, among=self._apartments(vote, anybodys=True))
        return Response(serializers.LineSerializer(lines, many=True).data)

    @extend_schema(request=serializers.BallotInputSerializer, responses=serializers.LineSerializer)
    @ballots.mapping.post
    def cast(self, request: Request, pk: int) -> Response:
        """Cast an apartment's ballot, or change it; the last one counts."""

        def work() -> Any:
            asked = serializers.BallotInputSerializer(data=request.data)
            asked.is_valid(raise_exception=True)
            return self._cast(self.get_object(), **asked.validated_data)

        return self.idempotent(work)

    @extend_schema(responses=serializers.ResultsSerializer)
    @action(detail=True)
    def results(self, request: Request, pk: int) -> Response:
        """Results and turnout; before it closes only for those who run the vote."""
        vote = self.get_object()
        if self.scope is Scope.OWN and vote.state is not State.CLOSED:
            raise Refused(_("The results are shown once the vote has closed."))
        return Response(serializers.ResultsSerializer(results.of(vote)).data)

    def _cast(self, vote: Vote, *, apartment: int, choice: int, on_paper: bool) -> Any:
        if on_paper and self.scope is not Scope.ALL:
            raise PermissionDenied
        among = self._apartments(vote, anybodys=on_paper)
        verb = actions.record_paper_ballot if on_paper else actions.cast
        verb(
            vote=vote, by=self.user, apartment=queries.voting_apartment(apartment, among=among),
            choice=queries.choice_of(vote, choice),
        )  # fmt: skip
        vote.refresh_from_db()
        (line,) = queries.roll(vote, among=among.filter(pk=apartment))
        return serializers.LineSerializer(line).data

    def _apartments(self, vote: Vote, *, anybodys: bool) -> QuerySet[Apartment]:
        if anybodys and self.scope is Scope.ALL:
            return vote.building.apartments.all()
        return queries.may_vote_for(self.user, vote)

    def _read_anew(self, vote: Vote) -> Vote:
        return self.get_queryset().get(pk=vote.pk)
