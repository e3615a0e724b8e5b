"""Pages on which staff edit something: what Django notes for itself goes into the audit log, too."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.models import LogEntry
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from public_apps.audit import audit
from staff.admin.confirmation import staff_of


class AuditedAdmin(ModelAdmin):
    """An editable page whose additions, changes and deletions are recorded."""

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        """Record that something was added."""
        _record(request, obj, "added", message)
        noted: LogEntry = super().log_addition(request, obj, message)
        return noted

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        """Record that something was changed, and which fields of it."""
        _record(request, obj, "changed", message)
        noted: LogEntry = super().log_change(request, obj, message)
        return noted

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Record each of what is about to be deleted."""
        for each in queryset:
            _record(request, each, "deleted", None)
        return super().log_deletions(request, queryset)


def _record(request: HttpRequest, obj: Model, became: str, message: Any) -> None:
    detail = {"said": message} if message else None
    action = f"{obj._meta.model_name}.{became}"
    audit.record(actor=staff_of(request), action=action, target=obj, detail=detail)
