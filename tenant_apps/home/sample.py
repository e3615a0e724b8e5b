"""The sample building: filled by the same verbs as real ones, and removed whole."""

from __future__ import annotations

import secrets
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from public_apps.accounts.models import Role, User
from public_apps.audit import audit
from public_apps.core.errors import Conflict, Refused
from public_apps.core.schema_context import current, in_public
from public_apps.tenants.models import Tenant
from tenant_apps.announcements import actions as announcements
from tenant_apps.buildings import actions as buildings
from tenant_apps.buildings import background_jobs
from tenant_apps.buildings.background_jobs import ReportLine, Tell
from tenant_apps.buildings.models import Apartment, Building, Party, Work
from tenant_apps.finances import queries
from tenant_apps.finances.actions import drafts, issuing, payments
from tenant_apps.finances.models import Category, Method, Period, Sharing
from tenant_apps.home import sample_facts as facts
from tenant_apps.home import sample_removal
from tenant_apps.home.models import Sample
from tenant_apps.requests import actions as requests
from tenant_apps.votes import actions as votes

MONTHS = 12
NOBODYS_ADDRESS = "sample.invalid"  # RFC 2606: no mail ever arrives there
Tenants = dict[int, User]


def start(*, by: User) -> Work:
    """Have the worker fill the workspace; raises `Conflict` when it has a sample already."""
    _refuse_second()
    with transaction.atomic():
        underway = background_jobs.latest(kind=Work.Kind.SAMPLE, subject_id=0)
        if underway is not None and underway.status in {"waiting", "working"}:
            raise Refused(_("The sample building is being made just now."))
        return background_jobs.enqueue(kind=Work.Kind.SAMPLE, subject_id=0, asked_by=by)


def fill(*, tenant: Tenant, by: User, tell: Tell | None = None) -> Building:
    """Fill the current workspace with a building of 24 apartments and its last year, all or nothing.

    Raises `Conflict` when it has a sample already, and what the plan's limit raises.
    """
    _refuse_second()
    with transaction.atomic():
        building = buildings.add_building(
            name=_(facts.NAME), address=_(facts.ADDRESS), notes=_("Only here to be looked at.")
        )
        sample = Sample.objects.create(building=building)
        flats = _apartments(tenant, building)
        owners, tenants = _people(sample, flats)
        for step, month in enumerate(_months(), start=1):
            _month(building, flats, month, by, step=step)
            if tell is not None:
                tell(step, MONTHS + 1)
        _requests(building, flats, owners, tenants, by)
        _announcements(building, by)
        _vote(building, flats, owners, by)
        audit.record(actor=by, action="sample.made", target=building)
    return building


def clear(*, by: User) -> None:
    """Remove the sample with all that belongs to it; raises `Refused` when there is none."""
    with transaction.atomic():
        sample = Sample.objects.select_for_update().select_related("building").first()
        if sample is None:
            raise Refused(_("There is no sample here."))
        audit.record(actor=by, action="sample.removed", target=sample.building)
        sample_removal.remove(sample)


def carry_out(asked: Work, tell: Tell) -> list[ReportLine]:
    """Fill the workspace in the name of who asked for it; raises as `fill` does."""
    schema = current()
    with in_public():
        tenant = Tenant.objects.get(schema_name=schema)
    if asked.asked_by is None:
        raise Refused(_("Whoever asked for this is gone."))
    building = fill(tenant=tenant, by=asked.asked_by, tell=tell)
    return [{"line": None, "field": "", "detail": str(building)}]


def _refuse_second() -> None:
    if Sample.objects.exists():
        raise Conflict(_("The sample building is here already."))


def _apartments(tenant: Tenant, building: Building) -> list[Apartment]:
    flats: list[Apartment] = []
    for floor in facts.FLOORS:
        for place, door in enumerate(facts.DOORS):
            index = len(flats)
            tenant_name = " ".join(facts.TENANTS.get(index, ()))
            flats.append(
                Apartment(
                    building=building,
                    number=f"{door}{floor}",
                    floor=floor,
                    area=facts.AREAS[place],
                    mills=facts.MILLS[floor][place],
                    owner_name=" ".join(facts.OWNERS[index]),
                    tenant_name=tenant_name,
                )
            )
    buildings.add_apartments(tenant=tenant, apartments=flats)
    return flats


def _people(sample: Sample, flats: list[Apartment]) -> tuple[Tenants, Tenants]:
    """Return who owns and who rents what, by the apartment's place; nobody of them can sign in."""
    since = timezone.localdate() - timedelta(days=900)
    found: dict[str, Tenants] = {Party.OWNER: {}, Party.TENANT: {}}
    access = [(Party.OWNER, place, facts.OWNERS[place]) for place in facts.OWNERS_WITH_ACCESS]
    access += [(Party.TENANT, place, facts.TENANTS[place]) for place in facts.TENANTS_WITH_ACCESS]
    for kind, place, (first, last) in access:
        email = f"{first}.{last}-{secrets.token_hex(3)}@{NOBODYS_ADDRESS}".lower()
        person = User.objects.create_user(
            email, first_name=first, last_name=last, role=Role.RESIDENT
        )
        sample.people.add(person)
        buildings.add_residency(apartment=flats[place], user=person, kind=kind, starts_on=since)
        found[kind][place] = person
    return found[Party.OWNER], found[Party.TENANT]


def _months() -> list[date]:
    """Return the first days of the last twelve months and of this one."""
    month = timezone.localdate().replace(day=1)
    months = [month]
    while len(months) <= MONTHS:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return months[::-1]


def _month(building: Building, flats: list[Apartment], month: date, by: User, *, step: int) -> None:
    period = drafts.open_period(building=building, month=month)
    _expenses(period, flats, by)
    _put_aside(period, facts.FIRST_RESERVE if step == 1 else facts.RESERVE, by)
    following = (month + timedelta(days=32)).replace(day=1)
    if following > timezone.localdate():
        return  # this month is still a draft
    noon = timezone.make_aware(datetime.combine(following, time(12)))
    issuing.issue(period=period, by=by, at=noon)
    if step % 2:
        _pay(building, flats, min(following + timedelta(days=9), timezone.localdate()), by)


def _expenses(period: Period, flats: list[Apartment], by: User) -> None:
    index, today = period.month.month - 1, timezone.localdate()
    bills = [
        ("cleaning", "", facts.CLEANING, "tenant", "mills", 4),
        ("lift", _("Monthly maintenance"), facts.LIFT, "tenant", "mills", 6),
        ("management", "", facts.MANAGEMENT, "tenant", "equal", 1),
        ("electricity", "", facts.ELECTRICITY[index], "tenant", "mills", 12),
        ("water", "", facts.WATER[index], "tenant", "equal", 15),
        ("heating", _("Heating oil"), facts.HEATING[index], "tenant", "mills", 18),
    ]
    if once := facts.ONCE.get(period.month.month):
        category, description, amount, payer, sharing = once
        bills.append((category, _(description), amount, payer, sharing, 20))
    for category, description, amount, payer, sharing, day in bills:
        if amount:
            drafts.add_expense(
                period=period,
                by=by,
                category=category,
                description=description,
                amount=amount,
                spent_on=min(period.month.replace(day=day), today),
                sharing=sharing,
                paid_by=payer,
                chosen=flats[:4] if sharing == "chosen" else (),
            )


def _put_aside(period: Period, amount: int, by: User) -> None:
    drafts.add_expense(
        period=period,
        by=by,
        category=Category.RESERVE,
        amount=amount,
        spent_on=period.month,
        sharing=Sharing.MILLS,
        paid_by=Party.OWNER,
    )


def _pay(building: Building, flats: list[Apartment], day: date, by: User) -> None:
    """Let everybody pay what they owe; some only now and then, somebody always a little more."""
    places = {flat.pk: place for place, flat in enumerate(flats)}
    for account in queries.balances(building=building).filter(balance__gt=0).order_by("pk"):
        if account.apartment is None:
            continue
        place = places[account.apartment.pk]
        if place in facts.SLOW and day.month % 3:
            continue
        payments.record_payment(
            apartment=account.apartment,
            party=account.party,
            method=Method.CASH if place % 5 == 0 else Method.BANK,
            amount=account.balance + (2_500 if place in facts.GENEROUS else 0),
            paid_on=day,
            by=by,
            reference="" if place % 5 == 0 else f"RF{place:02}{day:%y%m}{account.pk}",
        )


def _requests(
    building: Building, flats: list[Apartment], owners: Tenants, tenants: Tenants, by: User
) -> None:
    for place, category, priority, title, description, moves in facts.REQUESTS:
        opener = by if place is None else owners.get(place) or tenants[place]
        made = requests.open_request(
            by=opener,
            tell=False,
            building=building,
            apartment=None if place is None else flats[place],
            category=category,
            priority=priority,
            title=_(title),
            description=_(description) if description else "",
        )
        for status in moves:
            made = requests.move(request=made, to=status, by=by, desk=True)


def _announcements(building: Building, by: User) -> None:
    for title, body, pinned, days in facts.ANNOUNCEMENTS:
        announcements.post(
            by=by,
            title=_(title),
            body=_(body),
            building=building,
            pinned=pinned,
            publish_at=timezone.now() - timedelta(days=days),
        )


def _vote(building: Building, flats: list[Apartment], owners: Tenants, by: User) -> None:
    vote = votes.call_vote(
        by=by,
        choices=[_(answer) for answer in facts.ANSWERS],
        building=building,
        title=_(facts.QUESTION),
        description=_(facts.QUESTION_IN_FULL),
        opens_at=timezone.now() - timedelta(days=3),
        closes_at=timezone.now() + timedelta(days=11),
    )
    answers = list(vote.choices.order_by("position"))
    for place, answer in facts.BALLOTS.items():
        votes.cast(vote=vote, apartment=flats[place], choice=answers[answer], by=owners[place])
