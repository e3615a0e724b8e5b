"""Jobs: procrastinate's own pages, in unfold's dress, with a right to touch them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from procrastinate.contrib.django.admin import ProcrastinateJobAdmin
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob
from unfold.admin import ModelAdmin, TabularInline
from unfold.paginator import InfinitePaginator

from public_apps.audit import audit
from staff.admin.confirmation import confirmed, staff_of
from staff.site import site


class EventInline(TabularInline):
    model = ProcrastinateEvent
    fields = ("type", "at")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ProcrastinateJob, site=site)
class JobAdmin(ModelAdmin, ProcrastinateJobAdmin):
    list_filter = ["status", "queue_name"]
    search_fields = ("task_name",)
    ordering = ("-id",)
    inlines = [EventInline]
    paginator = InfinitePaginator
    show_full_result_count = False
    actions = ["retry_chosen", "cancel_chosen"]

    def has_act_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether this person may retry and cancel jobs: looking gives no such right."""
        return request.user.has_perm("procrastinate.change_procrastinatejob")

    @admin.action(description=gettext_lazy("Retry failed ones"), permissions=["act"])
    def retry_chosen(
        self, request: HttpRequest, jobs: QuerySet[ProcrastinateJob]
    ) -> HttpResponse | None:
        """Enqueue jobs that failed, or that a dead worker left, once more."""
        if asked := confirmed(request, jobs, admin=self, button=_("Retry failed ones")):
            return asked
        _record(request, jobs, "job.retried")
        self.retry(request, jobs)
        return None

    @admin.action(description=gettext_lazy("Cancel waiting ones"), permissions=["act"])
    def cancel_chosen(
        self, request: HttpRequest, jobs: QuerySet[ProcrastinateJob]
    ) -> HttpResponse | None:
        """Cancel jobs that no worker has begun."""
        if asked := confirmed(request, jobs, admin=self, button=_("Cancel waiting ones")):
            return asked
        _record(request, jobs, "job.cancelled")
        self.cancel(request, jobs)
        return None


def _record(request: HttpRequest, jobs: QuerySet[ProcrastinateJob], action: str) -> None:
    for job in jobs:
        detail = {"task": job.task_name, "status": job.status}
        audit.record(actor=staff_of(request), action=action, target=job, detail=detail)
