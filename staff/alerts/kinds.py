"""The kinds of alert, each with what to call it and what to do first."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from public_apps.monitoring.incidents import kind

WEBHOOK_FAILING = kind(
    "webhook_failing",
    title=_("Stripe's webhooks are not answered well"),
    advice=_(
        "400: compare STRIPE_WEBHOOK_SECRET with the endpoint's signing secret (“manage.py doctor” "
        "does). 500: look at the database. Stripe repeats for days: nothing is lost yet."
    ),
)
WEBHOOK_SLOW = kind(
    "webhook_slow",
    title=_("Stripe's webhooks are answered slowly"),
    advice=_("Look at the database's load and locks, and at the number of web processes."),
)
WEBHOOK_ERRORS = kind(
    "webhook_errors",
    title=_("Too much of what Stripe sends ends in an error"),
    advice=_(
        "“manage.py stripe_events list --status received” shows the error; each is tried again by "
        "itself."
    ),
)
EVENT_FAILED = kind(
    "event_failed",
    title=_("An event failed for good"),
    advice=_(
        "Mend the cause, then retry it in the admin or by “manage.py stripe_events retry”. An event "
        "that needs nothing more: close the incident in the admin."
    ),
)
EVENT_VAIN = kind(
    "event_vain",
    title=_("An event is tried again and again in vain"),
    advice=_(
        "Each line names an event and its error; the worker's log has the traceback. It is tried on for "
        "a day and a half: mend the cause, and it goes well by itself, or at once by “Retry”."
    ),
)
SIGNUP_LATE = kind(
    "signup_late",
    title=_("Somebody has paid and has no workspace yet"),
    advice=_(
        "“manage.py doctor” names what stands in the way; “Retry provisioning” in the admin starts "
        "it at once."
    ),
)
WORKER_SILENT = kind(
    "worker_silent",
    title=_("No worker is at work"),
    advice=_(
        "Start the worker service (“manage.py worker”) and read its log. Events are stored "
        "meanwhile, and handled when it is back."
    ),
)
SWEEP_FAILING = kind(
    "sweep_failing",
    title=_("What is done by the clock fails for somebody"),
    advice=_(
        "Each line names a row and its error; the worker's log has the rest. All others are done, "
        "and these are tried again by themselves, ever more rarely up to every half an hour."
    ),
)
JOB_UNFINISHED = kind(
    "job_unfinished",
    title=_("A job by the clock does not come to its end"),
    advice=_(
        "The line says whether it fails, hangs, or never begins; the worker's log has the rest. “What "
        "is done by the clock” in docs/jobs.md says what waits for it. Restart the worker if it hangs."
    ),
)
POOL_DRY = kind(
    "pool_dry",
    title=_("There are no spare tenants"),
    advice=_(
        "Buyers still get their workspaces, seconds later. Look in the worker's log for "
        "refill_pool, and whether a release has brought new migrations."
    ),
)
MAIL_FAILING = kind(
    "mail_failing",
    title=_("Mail does not leave"),
    advice=_(
        "“manage.py doctor --send-mail you@example.com” shows what the mail server says. Mails wait "
        "in the outbox for a day and a half."
    ),
)
ORPHANS = kind(
    "orphans",
    title=_("Schemas, tenants or domains belong to nobody"),
    advice=_(
        "Nothing touches them by itself. “manage.py tenant orphans” names them; the runbook says how "
        "to find out whose they were."
    ),
)
DEPARTURE_HINDERED = kind(
    "departure_hindered",
    title=_("A workspace that leaves is held up"),
    advice=_(
        "Each step is tried again every five minutes, and nothing is lost meanwhile. Mend what the "
        "line names: the store for archives, or the way to Stripe."
    ),
)
RESTORE_FAILING = kind(
    "restore_failing",
    title=_("A backup can't be restored"),
    advice=_(
        "Back that workspace up anew (“manage.py backup --tenant …”), then “manage.py backup --test”: "
        "what failed is tested again. Keep the bad file to find out why."
    ),
)
BACKUPS_OLD = kind(
    "backups_old",
    title=_("Workspaces have no fresh backup"),
    advice=_(
        "“manage.py backup --all” makes what is missing and says what stands in the way; “manage.py "
        "doctor” tries pg_dump and the store."
    ),
)
EINVOICE_FAILING = kind(
    "einvoice_failing",
    title=_("Documents do not reach the tax authority"),
    advice=_(
        "Each line names a document and what the provider said. Mend that, then “Try again now” under "
        "E-invoices in the admin; one that waits is tried again by itself."
    ),
)
DISK_FILLING = kind(
    "disk_filling",
    title=_("A disk is nearly full"),
    advice=_(
        "The line says which. A database whose disk is full takes no purchase any more: give it a "
        "larger one first, then look at what grows (docs/operations.md has a table)."
    ),
)
CONNECTIONS_SHORT = kind(
    "connections_short",
    title=_("The database is short of connections"),
    advice=_(
        "Raise max_connections of PostgreSQL, or lower WEB_CONCURRENCY, WEB_THREADS or the number of "
        "processes: docs/operations.md says how many each takes."
    ),
)
