"""Tasks keep their names wherever their modules go, and jobs of the release before still run."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from procrastinate.contrib.django import app

from devstack.processes import ROOT
from public_apps.core import jobs
from public_apps.core.models import OutgoingMail
from tests.core.unruly_worker import eventually, status_of, working
from tests.core.web_stack import WebStack

# Under what the release before 2026-12 enqueued: that release's own list.
ENQUEUED_AS = {
    "archives.back_up_all": "public_apps.tenants.archives.tasks.back_up_all",
    "archives.make_export": "public_apps.tenants.archives.tasks.make_export",
    "archives.rehearse_restore": "public_apps.tenants.archives.tasks.rehearse_restore",
    "archives.sweep_exports": "public_apps.tenants.archives.tasks.sweep_exports",
    "billing.confirm_drift": "billing.tasks.confirm_drift",
    "billing.fetch_missed_events": "billing.tasks.fetch_missed_events",
    "billing.forget_webhook_stats": "public_apps.core.tasks.forget_figures",
    "billing.handle_event": "billing.tasks.handle_event",
    "billing.review_access": "billing.tasks.review_access",
    "billing.settle_signup": "billing.tasks.settle_signup",
    "billing.sweep_events": "billing.tasks.sweep_events",
    "billing.sweep_signups": "billing.tasks.sweep_signups",
    "billing.watch_drift": "billing.tasks.watch_drift",
    "buildings.import_apartments": "tenant_apps.buildings.tasks.import_apartments",
    "core.forget_requests": "public_apps.core.tasks.forget_requests",
    "core.remove_old_jobs": "public_apps.core.tasks.remove_old_jobs",
    "core.rescue_stalled_jobs": "public_apps.core.tasks.rescue_stalled_jobs",
    "core.send_mail": "public_apps.core.tasks.send_mail",
    "core.sweep_mail": "public_apps.core.tasks.sweep_mail",
    "custom_domains.check_domain": "public_apps.tenants.hosts.tasks.check_domain",
    "custom_domains.sweep_domains": "public_apps.tenants.hosts.tasks.sweep_domains",
    "files.sweep_waiting": "tenant_apps.files.tasks.sweep_waiting",
    "finances.issue_large": "tenant_apps.finances.tasks.issue_large",
    "home.fill_sample": "tenant_apps.home.tasks.fill_sample",
    "offboarding.erase_late": "public_apps.tenants.lifecycle.tasks.erase_late",
    "offboarding.look_for_orphans": "public_apps.tenants.lifecycle.tasks.look_for_orphans",
    "offboarding.proceed": "public_apps.tenants.lifecycle.tasks.proceed",
    "offboarding.revive": "public_apps.tenants.lifecycle.tasks.revive",
    "offboarding.sweep_departures": "public_apps.tenants.lifecycle.tasks.sweep_departures",
    "staff.watch_backups": "public_apps.staff.tasks.watch_backups",
    "staff.watch_thresholds": "public_apps.staff.tasks.watch_thresholds",
    "tenants.catch_up": "public_apps.tenants.tasks.catch_up",
    "tenants.check_pool": "public_apps.tenants.tasks.check_pool",
    "tenants.refill_pool": "public_apps.tenants.tasks.refill_pool",
}
NAMED = re.compile(r"""@jobs\.(?:task|periodic)\(\s*"([\w.]+)\"""")


def test_jobs_of_the_release_before_are_known_and_its_workers_know_ours() -> None:
    assert {name: app.tasks[name].name for name in ENQUEUED_AS} == ENQUEUED_AS
    assert {old: app.tasks[old] is app.tasks[name] for name, old in ENQUEUED_AS.items()} == (
        dict.fromkeys(ENQUEUED_AS.values(), True)
    )


def test_every_task_says_its_name_itself() -> None:
    said = set()
    for module in ROOT.glob("*/**/tasks.py"):
        if "tests" not in module.parts and "node_modules" not in module.parts:
            said |= set(NAMED.findall(module.read_text()))
    assert said >= set(ENQUEUED_AS)
    ours = {
        name
        for name, task in app.tasks.items()
        if task.func.__module__.startswith(("billing", "public_apps", "staff", "tenant_apps"))
    }
    assert ours == said | {app.tasks[name].name for name in said}


@pytest.mark.parametrize("name", ["public_apps.core.tasks.send_mail", "core.send_mail"])
def test_a_job_runs_under_its_old_name_and_under_its_new_one(
    web_stack: WebStack, name: str
) -> None:
    mail = OutgoingMail.objects.create(
        kind="unknown", key=name, to="eleni@acme.example", next_attempt_at=timezone.now()
    )
    enqueued = app.configure_task(name, allow_unknown=True, **jobs.MAIL).defer(mail_id=mail.pk)
    with working(web_stack):
        eventually(lambda: status_of(enqueued) in {None, "failed"})
    mail.refresh_from_db()
    assert mail.attempts == 1
    assert mail.error
