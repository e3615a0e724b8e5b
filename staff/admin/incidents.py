"""Incidents in the admin: to read, and to close once somebody has seen to one."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import RedirectView

from public_apps.monitoring import incidents
from public_apps.monitoring.models import Incident
from staff.admin.confirmation import AdminAction, confirmed, note
from staff.admin.filters import IncidentKindFilter
from staff.admin.read_only import RecordAdmin
from staff.site import site


@admin.register(Incident, site=site)
class IncidentAdmin(RecordAdmin):
    list_display = ("kind", "subject", "opened_at", "seen_at", "closed_at")
    list_filter = (IncidentKindFilter, "closed_at")
    ordering = ("-id",)
    actions = ("close_chosen",)

    @admin.action(description=gettext_lazy("Close: it has been seen to"), permissions=["act"])
    def close_chosen(self, request: HttpRequest, chosen: QuerySet[Incident]) -> HttpResponse | None:
        """Close each; what is still wrong opens another, but for events that failed before."""
        if asked := confirmed(request, chosen, admin=self, button=_("Close")):
            return asked
        for incident in chosen.filter(closed_at=None):
            incidents.close(incident)
            detail = {"kind": incident.kind, "subject": incident.subject}
            note(
                request,
                AdminAction(
                    said=_("Closed."), to=incident, action="incident.closed", detail=detail
                ),
            )
        return None


# Where they were while incidents belonged to billing: bookmarks and old mails lead there.
for _old, _new in (
    ("billing/incident/", "/admin/monitoring/incident/"),
    ("billing/incident/<int:pk>/change/", "/admin/monitoring/incident/%(pk)s/change/"),
):
    site.pages.append(path(_old, RedirectView.as_view(url=_new, query_string=True)))
