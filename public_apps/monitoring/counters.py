"""Everything that we count, in one list; states that are looked at stand in `staff.alerts.gauges`.

No label names a tenant, a person or a path that somebody typed: the number of series stays small.
"""

from __future__ import annotations

from public_apps.monitoring.metrics import REQUEST_SECONDS, WAIT_SECONDS, counter, histogram

REQUESTS = counter(
    "http_requests_total",
    "Requests answered, by the name of the route.",
    "route", "method", "status",
)  # fmt: skip
# An error of ours that is the first of its route is seen, too.
REQUESTS.begin_beside(lambda series: (*series[:2], "500"))
REQUEST_TIME = histogram(
    "http_request_seconds",
    "Time from a request's first middleware to its answer.",
    "route",
    bounds=REQUEST_SECONDS,
)
WEBHOOK_ANSWERS = counter(
    "webhook_answers_total",
    "Answers at Stripe's door, by the event's type (if it came so far) and what became of it. Without "
    "a good signature it is unsigned: anybody's.",
    "type", "result",
)  # fmt: skip
WEBHOOK_TIME = histogram(
    "webhook_answer_seconds",
    "Time from a delivery's arrival in the view to our answer.",
    "result",
    bounds=REQUEST_SECONDS,
)
EVENTS_MISSED = counter(
    "events_missed_total", "Events that Stripe could not deliver for a minute, and we fetched."
)
EVENT_ATTEMPTS = counter(
    "event_attempts_total",
    "Attempts at an event: done, ignored, failed (and tried again), put_off (for the key), given_up.",
    "type", "outcome",
)  # fmt: skip
EVENT_TIME = histogram(
    "event_handled_seconds",
    "Time from an event's arrival to its good end, retries included.",
    "type",
    bounds=WAIT_SECONDS,
)
READY_TIME = histogram(
    "signup_ready_seconds",
    "Time from a sign-up's payment to its open workspace.",
    bounds=WAIT_SECONDS,
)
PROVISIONING_TIME = histogram(
    "provisioning_step_seconds",
    "Time that each step of provisioning took, from the end of the one before.",
    "step",
    bounds=WAIT_SECONDS,
)
MAILS = counter(
    "mails_total", "Attempts at sending mail, by kind: sent, put_off, given_up, unwanted.",
    "kind", "outcome",
)  # fmt: skip
SIGN_IN_FAILURES = counter(
    "sign_in_failures_total", "Sign-ins that were refused, on public hosts or tenants'.", "where"
)
for _where in ("public", "tenant"):
    SIGN_IN_FAILURES.begin_at_zero(_where)
EVENTS_MISSED.begin_at_zero()
READY_TIME.begin_at_zero()
