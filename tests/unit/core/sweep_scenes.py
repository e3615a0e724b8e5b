"""For each sweep: how they come to be due, how one breaks, and what shows that it was done."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.db import connection
from django.db.models import Model
from procrastinate.contrib.django.models import ProcrastinateJob

from billing.models import Customer, DocumentKind, EInvoice, Invoice, StripeEvent, Subscription
from public_apps.core import clock
from public_apps.core.models import OutgoingMail
from public_apps.onboarding.models import Signup
from public_apps.tenants.models import Departure, Domain, DomainClaim, Export, Tenant

LONG = timedelta(days=20)
_numbers: Iterator[int] = count(1)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """`make` brings so many rows that are due, the oldest first; what fails is a row of `table`."""

    make: Callable[[int], Sequence[Model]]
    table: str
    column: str
    value: Callable[[Any], object]  # by which the row of `table` is known
    done: Callable[[Any], bool]
    needs_store: bool = False
    needs_provider: bool = False
    # Where the real work asks Stripe: another that writes to the row; the real one has tests of its own.
    work: Callable[[Any], object] | None = None


def break_rows(scene: Scene, rows: Sequence[Model]) -> None:
    """Let the database refuse whatever is to be written about these rows."""
    values = [str(scene.value(row)) for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE TEMP TABLE refused (value text);
            CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF to_jsonb(coalesce(NEW, OLD)) ->> TG_ARGV[0] IN (SELECT value FROM refused) THEN
                    RAISE EXCEPTION 'a broken row';
                END IF;
                RETURN coalesce(NEW, OLD);
            END $$
            """
        )
        cursor.execute(
            f"CREATE TRIGGER refusing BEFORE INSERT OR UPDATE OR DELETE ON public.{scene.table}"
            f" FOR EACH ROW EXECUTE FUNCTION pg_temp.refuse('{scene.column}')"
        )
        cursor.executemany("INSERT INTO refused VALUES (%s)", [(value,) for value in values])


def workspaces(number: int, **fields: Any) -> list[Tenant]:
    """Return open workspaces that have no schema: sweeps work in public."""
    long_ago = clock.now() - LONG
    made: list[Tenant] = Tenant.objects.bulk_create(
        Tenant(
            name=f"Court {next(_numbers)}", owner_email="owner@sweeps.example",
            provisioned_at=long_ago, claimed_at=long_ago, opened_at=long_ago, **fields,
        )
        for _ in range(number)
    )  # fmt: skip
    return made


def _job_of(lock: str) -> Callable[[Any], bool]:
    return lambda row: ProcrastinateJob.objects.filter(queueing_lock=f"{lock}:{row.pk}").exists()


def _enqueuing(lock: str, make: Callable[[int], Sequence[Model]]) -> Scene:
    return Scene(
        make=make, table="procrastinate_jobs", column="queueing_lock",
        value=lambda row: f"{lock}:{row.pk}", done=_job_of(lock),
    )  # fmt: skip


def _mails(number: int) -> Sequence[Model]:
    return OutgoingMail.objects.bulk_create(
        OutgoingMail(
            kind="welcome", key=secrets.token_hex(8), to="a@sweeps.example", next_attempt_at=at
        )
        for at in _moments(number)
    )


def _events(number: int) -> Sequence[Model]:
    return StripeEvent.objects.bulk_create(
        StripeEvent(
            pk=f"evt_{secrets.token_hex(8)}", type="invoice.paid", livemode=False, payload={},
            next_attempt_at=at,
        )
        for at in _moments(number)
    )  # fmt: skip


def signups(number: int, **fields: Any) -> Sequence[Signup]:
    """Return sign-ups of checkouts, each with a name of its own."""
    return Signup.objects.bulk_create(
        Signup(
            organization="Court", subdomain=f"sweeps-{next(_numbers)}", email="b@sweeps.example",
            checkout_session_id=f"cs_{secrets.token_hex(8)}", created_at=at, **fields,
        )
        for at in _moments(number)
    )  # fmt: skip


def _paid(number: int) -> Sequence[Model]:
    return signups(number, paid_at=clock.now() - timedelta(minutes=10))


def _never_paid(number: int) -> Sequence[Model]:
    ago = clock.now() - LONG
    made = signups(number, failed_at=ago, pending_at=ago, released_at=ago)
    for index, signup in enumerate(made):
        signup.failed_at = ago + timedelta(milliseconds=index)
        signup.subscription_id = f"sub_{secrets.token_hex(8)}"
        signup.save(update_fields=["failed_at", "subscription_id"])
    return made


def _unpaid(number: int) -> Sequence[Model]:
    return signups(number, session_expires_at=clock.now() - timedelta(hours=1))


def overdue(number: int, *, damaged: bool = False) -> list[Tenant]:
    """Return workspaces whose grace ended days ago, which nobody has looked at since.

    A damaged one has lost its tables: nobody can be told of its suspension, so there is none.
    """
    long_ago = clock.now() - LONG
    made = workspaces(number, access_review_at=long_ago)
    for tenant in made if not damaged else ():
        _give_people(tenant)
    Subscription.objects.bulk_create(
        Subscription(
            pk=f"sub_{secrets.token_hex(8)}", tenant=tenant, status="past_due",
            past_due_since=long_ago, synced_at=long_ago,
        )
        for tenant in made
    )  # fmt: skip
    return made


def _give_people(tenant: Tenant) -> None:
    """Make as much of a schema as whoever mails a workspace's owners looks at."""
    model = Tenant.objects.exclude(migrations_fingerprint="").values("schema_name")[:1].get()
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE SCHEMA {tenant.schema_name}; CREATE TABLE {tenant.schema_name}.accounts_user"
            f" (LIKE {model['schema_name']}.accounts_user)"
        )


def _departures(number: int, **fields: Any) -> Sequence[Departure]:
    return Departure.objects.bulk_create(
        Departure(tenant=tenant, **{"aim": "archive", "asked_by": "the clock", **fields})
        for tenant in workspaces(number)
    )


def _erased(number: int) -> Sequence[Model]:
    ago = clock.now() - timedelta(days=1)
    made = _departures(
        number, aim="erasure", begins_at=ago, unpaid_at=ago, closed_at=ago, dropped_at=ago,
        erased_at=ago,
    )  # fmt: skip
    StripeEvent.objects.bulk_create(
        StripeEvent(
            pk=f"evt_{secrets.token_hex(8)}", type="invoice.paid", livemode=False,
            payload={"said": "about somebody"}, status="processed", processed_at=ago,
            tenant=departure.tenant,
        )
        for departure in made
    )  # fmt: skip
    return made


def _is_erased(departure: Departure) -> bool:
    return StripeEvent.objects.filter(tenant=departure.tenant, payload__erased=True).exists()


def _exports(number: int, **fields: Any) -> Sequence[Model]:
    return Export.objects.bulk_create(
        Export(tenant=tenant, asked_at=at, asked_by="c@sweeps.example", **fields)
        for tenant, at in zip(workspaces(number), _moments(number), strict=True)
    )


def _expired(number: int) -> Sequence[Model]:
    ago = clock.now() - timedelta(days=1)
    return _exports(number, finished_at=ago, expires_at=ago, stored_as="nowhere/export.zip")


def _claims(number: int) -> Sequence[Model]:
    ago = clock.now() - LONG
    return DomainClaim.objects.bulk_create(
        DomainClaim(tenant=tenant, host=f"d{next(_numbers)}.sweeps.example", verified_at=ago)
        for tenant in workspaces(number)
    )


def _old_names(number: int) -> Sequence[Model]:
    made: Sequence[Model] = Domain.objects.bulk_create(
        Domain(
            tenant=tenant, domain=f"old{next(_numbers)}.sweeps.example", is_primary=False,
            retires_at=at,
        )
        for tenant, at in zip(workspaces(number), _moments(number), strict=True)
    )  # fmt: skip
    return made


def _invoices(number: int) -> Sequence[Model]:
    """Return invoices that were mirrored before their sums were kept; the first is the newest."""
    return Invoice.objects.bulk_create(
        Invoice(pk=f"in_{secrets.token_hex(8)}", status="paid", synced_at=at, created_at=at)
        for at in reversed(_moments(number))
    )


def _customers(number: int) -> Sequence[Model]:
    return Customer.objects.bulk_create(
        Customer(pk=f"cus_{secrets.token_hex(8)}", tenant=tenant, contact_due_at=at)
        for tenant, at in zip(workspaces(number), _moments(number), strict=True)
    )


def _einvoices(number: int) -> Sequence[Model]:
    return EInvoice.objects.bulk_create(
        EInvoice(
            kind=DocumentKind.INVOICE, document_id=f"in_{secrets.token_hex(8)}", number="A-1",
            next_attempt_at=at,
        )
        for at in _moments(number)
    )  # fmt: skip


def _is_gone(row: Model) -> bool:
    return not type(row)._default_manager.filter(pk=row.pk).exists()


def _moments(number: int) -> list[datetime]:
    """Return times of an hour ago, the later the closer: the last row is the newest."""
    begun = clock.now() - timedelta(hours=1)
    return [begun + timedelta(milliseconds=index) for index in range(number)]


SCENES: dict[str, Scene] = {
    "sweep_mail": _enqueuing("mail", _mails),
    "sweep_events": _enqueuing("event", _events),
    "paid_signups": _enqueuing("signup", _paid),
    "unpaid_signups": _enqueuing("signup", _unpaid),
    "sweep_departures": _enqueuing(
        "departure", lambda number: _departures(number, begins_at=clock.now() - LONG)
    ),
    "sweep_exports": _enqueuing("export", _exports),
    "sweep_domains": _enqueuing("domain", _claims),
    "billing_contacts": _enqueuing("contact", _customers),
    "sweep_einvoices": replace(_enqueuing("einvoice", _einvoices), needs_provider=True),
    "never_paid": Scene(
        make=_never_paid, table="onboarding_signup", column="id", value=lambda row: row.pk,
        done=lambda row: Signup.objects.get(pk=row.pk).ended_at is not None,
        work=lambda row: Signup.objects.filter(pk=row.pk).update(ended_at=clock.now()),
    ),
    "complete_documents": Scene(
        make=_invoices, table="billing_invoice", column="id", value=lambda row: row.pk,
        done=lambda row: Invoice.objects.get(pk=row.pk).total is not None,
        work=lambda row: Invoice.objects.filter(pk=row.pk).update(total=0),
    ),
    "review_access": Scene(
        make=overdue, table="tenants_tenant", column="id", value=lambda tenant: tenant.pk,
        done=lambda tenant: Tenant.objects.get(pk=tenant.pk).suspended_at is not None,
    ),
    "plan_due": Scene(
        make=lambda number: workspaces(number, suspended_at=clock.now() - timedelta(days=400)),
        table="tenants_departure", column="tenant_id", value=lambda tenant: tenant.pk,
        done=lambda tenant: Departure.objects.filter(tenant=tenant).exists(),
    ),
    "promise_notices": Scene(
        make=lambda number: _departures(number, begins_at=clock.now() + LONG),
        table="core_outgoingmail", column="key", value=lambda departure: f"{departure.pk}:1",
        done=lambda departure: OutgoingMail.objects.filter(key=f"{departure.pk}:1").exists(),
    ),
    "erase_late": Scene(
        make=_erased, table="billing_stripeevent", column="tenant_id",
        value=lambda departure: departure.tenant_id, done=_is_erased,
    ),
    "forget_expired": Scene(
        make=_expired, table="tenants_export", column="id", value=lambda row: row.pk,
        done=_is_gone, needs_store=True,
    ),
    "let_go": Scene(
        make=_old_names, table="tenants_domain", column="id", value=lambda row: row.pk,
        done=_is_gone,
    ),
}  # fmt: skip
