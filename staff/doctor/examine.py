"""The whole examination, part by part; a part that can't be looked at doesn't stop the others."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import DatabaseError, connection

from billing import gateway
from staff.doctor import archives, drift, machinery, stripe_side, surroundings
from staff.doctor.findings import Examination, Finding, failing

EXAMINATIONS: tuple[tuple[str, Examination], ...] = (
    ("settings", surroundings.examine_settings),
    ("hosts", surroundings.examine_hosts),
    ("origins", surroundings.examine_origins),
    ("database", machinery.examine_database),
    ("migrations", machinery.examine_migrations),
    ("drift", drift.examine_drift),
    ("worker", machinery.examine_worker),
    ("archives", archives.examine_archives),
    ("mail", machinery.examine_mail),
    ("stripe", stripe_side.examine_stripe),
)


def findings() -> Iterator[Finding]:
    """Yield every finding as it is made."""
    for part, examination in EXAMINATIONS:
        try:
            yield from examination()
        except DatabaseError as error:
            connection.close()
            yield failing(part, f"The database: {_first_line(error)}", "Check DATABASE_URL.")
        except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
            yield failing(part, f"Stripe: {_first_line(error)}", "Try again; check STRIPE_*.")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
