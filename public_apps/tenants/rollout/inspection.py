"""Who is behind: asked of the schemas, which know best, and grouped by what they have applied."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db.models import F, QuerySet

from public_apps.tenants.models import Tenant
from public_apps.tenants.schema_migrations import applied as probe
from public_apps.tenants.schema_migrations import head
from public_apps.tenants.schema_migrations.head import Keys
from public_apps.tenants.schema_migrations.plan import Plan, compile_plan


@dataclass(kw_only=True)
class Group:
    """Tenants that have applied the same, with the plan that is the same for them all."""

    applied: Keys
    schema_names: list[str] = field(default_factory=list)
    plan: Plan | None = None

    def compiled(self) -> Plan:
        """Return the plan, made on the first call."""
        if self.plan is None:
            self.plan = compile_plan(self.schema_names[0])
        return self.plan

    @property
    def lacking(self) -> list[str]:
        """The migrations that these tenants need, by name."""
        return sorted(f"{app}.{name}" for app, name in head.required() - self.applied)


@dataclass
class Survey:
    """Where the tenants in question stand; `order` is the order in which to go."""

    order: list[str] = field(default_factory=list)
    spares: set[str] = field(default_factory=set)
    groups: list[Group] = field(default_factory=list)
    unsettled: set[str] = field(default_factory=set)
    at_head: int = 0
    ahead: list[str] = field(default_factory=list)  # a newer release was there, and was taken back
    left: set[str] = field(default_factory=set)  # the migrations by which they are, by name
    broken: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many tenants were looked at."""
        return self.at_head + len(self.ahead) + len(self.order) + len(self.broken)


def in_fleet() -> QuerySet[Tenant]:
    """Return the tenants whose schema is built and kept up: not those in the making, not archived."""
    built: QuerySet[Tenant] = Tenant.objects.filter(
        provisioned_at__isnull=False, archived_at__isnull=True
    )
    return built


def is_in_fleet(schema_name: str) -> bool:
    """Whether this schema is still a tenant's: it may be archived or restored meanwhile."""
    return in_fleet().filter(schema_name=schema_name).exists()


def take(
    *, only: Collection[str] = (), without: Collection[str] = (), unmarked: bool = False
) -> Survey:
    """Look at the fleet, or at `only` these schemas; spares come first, then the oldest tenants.

    With `unmarked` at those alone that are not marked as at head: for who has just looked at the others.
    """
    tenants = in_fleet().exclude(schema_name__in=without)
    if unmarked:
        tenants = tenants.exclude(migrations_fingerprint=head.fingerprint())
    if only:
        tenants = tenants.filter(schema_name__in=only)
    in_turn = tenants.order_by(F("claimed_at").asc(nulls_first=True), "pk")
    rows = list(in_turn.values_list("schema_name", "migrations_fingerprint", "claimed_at"))
    survey = Survey(spares={name for name, _mark, claimed_at in rows if claimed_at is None})
    found = probe.look([name for name, _mark, _claimed_at in rows])
    survey.broken.update(found.unreadable)
    marks = {name: mark for name, mark, _claimed_at in rows}
    for schema_names in found.groups.values():
        _sort_in(survey, schema_names, marks)
    behind = {name for group in survey.groups for name in group.schema_names}
    survey.order = [name for name, _mark, _claimed_at in rows if name in behind]
    return survey


def _sort_in(survey: Survey, schema_names: Iterable[str], marks: dict[str, str]) -> None:
    """Put tenants that have applied the same where they belong.

    A mark is set after a plan's very end. A schema without the mark of what it has applied may lack
    that end, even if every migration is recorded. Who is ahead is left alone: old code can live with a
    newer release's migrations (docs/migrations.md).
    """
    names = list(schema_names)
    applied = probe.applied(names[0])
    if head.is_ahead(applied):
        survey.ahead += names
        survey.left |= head.beyond(applied)
        return
    if foreign := applied - head.known():
        lacking = sorted(head.required() - applied)
        reason = (
            f"It holds migrations that this code does not know: {sorted(foreign)[:5]}, "
            f"and lacks others: {lacking[:5]}"
        )
        survey.broken.update(dict.fromkeys(names, reason))
        return
    settled = head.fingerprint(applied)
    unsettled = {name for name in names if marks[name] != settled}
    survey.unsettled |= unsettled
    late = names if not head.is_head(applied) else [name for name in names if name in unsettled]
    survey.at_head += len(names) - len(late)
    if late:
        survey.groups.append(Group(applied=applied, schema_names=late))
