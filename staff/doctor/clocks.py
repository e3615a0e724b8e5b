"""The clocks of database, web, worker and Stripe, and which of them is off.

What is due is judged by the database's alone; a clock that is off still dates logs and cron lines
wrongly, and one that is far off lets Stripe's signatures look stale.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from public_apps.core import clock
from public_apps.monitoring import clocks
from staff.doctor.findings import Finding, failing, ok, warning

MOST_SKEW_SECONDS = 30.0  # Stripe's signatures are taken for five minutes
NOTABLE_SECONDS = 0.1
# Stripe's `Date` tells whole seconds, and its way to us takes time.
NOTABLE_AT_STRIPE_SECONDS = 3.0


def examine_clocks() -> Iterator[Finding]:
    """Compare this process's clock, and those of web and worker, with the database's."""
    yield _compared("This command's", clock.ahead(), notable=NOTABLE_SECONDS)
    for each in clocks.told():
        yield _compared(f"That of {each.process}", each.ahead / 1000, notable=NOTABLE_SECONDS)


def clock_against(whose: str, their_time: float) -> Finding:
    """Compare somebody's Unix time of just now with the database's clock."""
    ahead = their_time - (time.time() - clock.ahead())
    return _compared(whose, ahead, notable=NOTABLE_AT_STRIPE_SECONDS)


def _compared(whose: str, ahead: float, *, notable: float) -> Finding:
    if abs(ahead) <= notable:
        return ok("clock", f"{whose} agrees with the database's ({1000 * ahead:+.0f} ms).")
    far = f"{abs(ahead):.1f} s" if abs(ahead) >= 1 else f"{1000 * abs(ahead):.0f} ms"
    told = f"{whose} is {far} {'ahead of' if ahead > 0 else 'behind'} the database's."
    if abs(ahead) > MOST_SKEW_SECONDS:
        advice = "Set both by NTP: signatures of Stripe's are refused after five minutes."
        return failing("clock", told, advice)
    return warning(
        "clock", told, "Set both by NTP. What is due goes by the database's clock all the same."
    )
