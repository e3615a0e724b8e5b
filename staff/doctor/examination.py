"""The whole examination, part by part; a part that can't be looked at doesn't stop the others."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

from django.db import DatabaseError, connection

from billing import gateway
from public_apps.core import own_session
from staff.doctor import archives, clocks, configuration, infrastructure, schemas, stripe, tax
from staff.doctor.findings import Examination, Finding, failing

EXAMINATIONS: tuple[tuple[str, Examination], ...] = (
    ("settings", configuration.examine_settings),
    ("secrets", configuration.examine_secrets),
    ("static files", configuration.examine_static_files),
    ("hosts", configuration.examine_hosts),
    ("origins", configuration.examine_origins),
    ("database", infrastructure.examine_database),
    ("clock", clocks.examine_clocks),
    ("migrations", infrastructure.examine_migrations),
    ("drift", schemas.examine_drift),
    ("worker", infrastructure.examine_worker),
    ("archives", archives.examine_archives),
    ("mail", infrastructure.examine_mail),
    ("stripe", stripe.examine_stripe),
    ("purchases", stripe.examine_purchases),
    ("tax", tax.examine_tax),
)


def findings() -> Iterator[Finding]:
    """Yield every finding as it is made."""
    for part, examination in EXAMINATIONS:
        try:
            yield from examination()
        except own_session.SessionShared as error:
            yield failing(part, str(error), "See docs/decisions/connections.md.")
        except DatabaseError as error:
            connection.close()
            yield failing(part, f"The database: {_first_line(error)}", "Check DATABASE_URL.")
        except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
            yield failing(part, f"Stripe: {_first_line(error)}", "Try again; check STRIPE_*.")
        except Exception as error:  # noqa: BLE001 - one part's surprise must not hide the others'
            yield failing(
                part,
                f"It can't be examined: {type(error).__name__}: {_first_line(error)}",
                f"Mend that if it is the machine's; else it is a fault of ours, at {_place(error)}.",
            )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _place(error: Exception) -> str:
    """Return the line that raised it, as `file:line`: all that a report of the fault needs."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename}:{frame.lineno}"
