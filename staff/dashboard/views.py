"""The first page of the admin: does money turn into workspaces, and where does it not?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import webhook_stats
from billing.webhook_stats import WebhookStats
from public_apps.core import clock
from staff.dashboard import business, charts, problems
from staff.dashboard.charts import Chart

# The guide's thresholds.
LEAST_SUCCESS = 0.95
MOST_ERRORS = 0.05
SLOWEST_ANSWER_MS = 5000
SPANS = (
    (gettext_lazy("Last hour"), timedelta(hours=1), timedelta(minutes=1)),
    (gettext_lazy("Last day"), timedelta(days=1), timedelta(hours=1)),
    (gettext_lazy("Last 30 days"), timedelta(days=30), timedelta(days=1)),
)


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Webhooks over one stretch of time, and which of the guide's thresholds they break."""

    title: str
    stats: WebhookStats
    chart: Chart
    success_ok: bool
    errors_ok: bool
    answers_ok: bool


def context_for(request: HttpRequest) -> dict[str, Any]:
    """Return what the page shows to this person."""
    may = request.user.has_perm
    context: dict[str, Any] = {}
    if may("billing.view_stripeevent"):
        context["panels"] = panels()
        context["trouble"] = problems.now_in_trouble()
    if may("onboarding.view_signup"):
        context["funnel"] = _stages(business.funnel())
    if may("tenants.view_tenant"):
        context["tenants"] = business.tenants().items()
    if may("billing.view_subscription"):
        context["money"] = business.money()
    return context


def panels() -> list[Panel]:
    """Return the webhooks of the last hour, day and 30 days."""
    now = clock.now()
    return [_panel(str(title), now - span, step) for title, span, step in SPANS]


def _panel(title: str, since: Any, step: timedelta) -> Panel:
    found = webhook_stats.stats_between(since=since)
    points = webhook_stats.series_between(since=since)
    summary = _("%(title)s: %(count)d webhooks, %(errors)d errors") % {
        "title": title, "count": found.count, "errors": found.errors,
    }  # fmt: skip
    return Panel(
        title=title,
        stats=found,
        chart=charts.chart(points, step=step, summary=summary),
        success_ok=found.success_rate is None or found.success_rate > LEAST_SUCCESS,
        errors_ok=found.error_rate is None or found.error_rate < MOST_ERRORS,
        answers_ok=found.p95_answer_ms is None or found.p95_answer_ms < SLOWEST_ANSWER_MS,
    )


def _stages(found: business.Funnel) -> dict[str, Any]:
    rows = (
        (_("Started"), found.started, None),
        (_("Paid"), found.paid, found.to_pay),
        (_("Ready"), found.ready, found.to_ready),
    )
    stages = [
        {"name": name, "count": count, "share": found.share(count), "after": after}
        for name, count, after in rows
    ]
    return {"stages": stages, "failed": found.failed}
