"""What comes in: sign-ups and Stripe's events, and another try for those that got stuck."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing import checkout, inbox
from billing.models import StripeEvent
from public_apps.onboarding.models import Signup
from staff import forms
from staff.admin.confirmation import AdminAction, Question, ask, confirmed, note, question
from staff.admin.filters import EventTypeFilter, OneTenantFilter, SignupPlanFilter, StageFilter
from staff.admin.read_only import RecordAdmin
from staff.site import site


@admin.register(Signup, site=site)
class SignupAdmin(RecordAdmin):
    list_display = ("organization", "subdomain", "email", "plan", "stage_label", "created_at")
    search_fields = ("organization", "subdomain", "email", "checkout_session_id")
    list_filter = (StageFilter, SignupPlanFilter, "source", "created_at")
    ordering = ("-created_at",)
    actions = ("retry_chosen",)
    actions_detail = ("retry_provisioning",)

    @admin.display(description=gettext_lazy("stage"))
    def stage_label(self, signup: Signup) -> str:
        return str(signup.stage.label)

    @admin.action(
        description=gettext_lazy("Retry provisioning"), permissions=["retry_provisioning"]
    )
    def retry_chosen(self, request: HttpRequest, signups: QuerySet[Signup]) -> HttpResponse | None:
        """Let a worker go on with each, where it broke off."""
        if asked := confirmed(request, signups, admin=self, button=_("Retry provisioning")):
            return asked
        for signup in signups:
            note(request, _settle(signup))
        _enqueued(request, signups.count())
        return None

    @question(name=gettext_lazy("Retry provisioning"), at="retry", permission="retry_provisioning")
    def retry_provisioning(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let a worker go on where it broke off."""
        signup = get_object_or_404(Signup, pk=object_id)
        asked = Question(
            title=_("Retry provisioning"),
            button=_("Retry provisioning"),
            about=str(signup),
            form=forms.Confirm,
            act=lambda _answers: _settle(signup),
            explanation=_("Each step that is done stays done; it goes on with the next."),
        )
        return ask(request, asked, admin=self)


@admin.register(StripeEvent, site=site)
class StripeEventAdmin(RecordAdmin):
    """Of a million events, every page here reads only those that it shows."""

    list_display = ("id", "type", "status", "attempts", "error", "tenant", "received_at")
    # Exactly, by their indexes: parts of ids are nothing that anybody looks for.
    search_fields = ("id__exact", "object_id__exact")
    list_filter = ("status", EventTypeFilter, OneTenantFilter)
    list_select_related = ("tenant",)
    ordering = ("-received_at",)
    list_per_page = 50
    actions = ("retry_chosen",)
    actions_detail = ("retry",)
    fields = (
        "id", "type", "status", "attempts", "error", "tenant", "object_id", "received_at",
        "next_attempt_at", "processed_at", "api_version", "livemode", "as_sent",
    )  # fmt: skip

    class Media:
        css = {"all": ("staff/dashboard.css",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show every field, the payload laid out."""
        return self.fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[StripeEvent]:
        """Leave payloads where they are while a list is shown."""
        events: QuerySet[StripeEvent] = super().get_queryset(request)
        return events.defer("payload")

    @admin.display(description=gettext_lazy("payload"))
    def as_sent(self, event: StripeEvent) -> str:
        laid_out = json.dumps(event.payload, indent=2, ensure_ascii=False)
        return format_html('<pre class="nc-payload" tabindex="0">{}</pre>', laid_out)

    @admin.action(description=gettext_lazy("Retry"), permissions=["retry_events"])
    def retry_chosen(
        self, request: HttpRequest, events: QuerySet[StripeEvent]
    ) -> HttpResponse | None:
        """Give each event its attempts back."""
        if asked := confirmed(request, events, admin=self, button=_("Retry")):
            return asked
        count = 0
        for event in events:
            note(request, _try_again(event))
            count += 1
        _enqueued(request, count)
        return None

    @question(name=gettext_lazy("Retry"), at="retry", permission="retry_events")
    def retry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give one event its attempts back."""
        # The admin's own pages quote the underscore of an id in their links.
        event = get_object_or_404(StripeEvent, pk__in={object_id, unquote(object_id)})
        asked = Question(
            title=_("Retry"),
            button=_("Retry"),
            about=str(event),
            form=forms.Confirm,
            act=lambda _answers: _try_again(event),
            explanation=_("It is handled as if it had just come: what is done already stays so."),
        )
        return ask(request, asked, admin=self)


def _try_again(event: StripeEvent) -> AdminAction:
    inbox.retry(event=event)
    detail = {"type": event.type, "was": event.status}
    return AdminAction(
        said=_("A worker takes it up now."), to=event, action="event.retried", detail=detail
    )


def _settle(signup: Signup) -> AdminAction:
    checkout.enqueue(signup)
    said = _("A worker takes it up now.")
    detail = {"stage": signup.stage.value}
    return AdminAction(said=said, to=signup, action="signup.provisioning_retried", detail=detail)


def _enqueued(request: HttpRequest, count: int) -> None:
    text = ngettext("%(count)d job enqueued.", "%(count)d jobs enqueued.", count)
    messages.success(request, text % {"count": count})
