"""A page that asks before it acts: GET shows a form and changes nothing, POST does the deed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import unquote
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.decorators import action

from public_apps.accounts.models import User
from public_apps.audit import audit
from public_apps.core import errors
from staff import step_up

Page = TypeVar("Page", bound=Callable[..., HttpResponse])
CONFIRMED = "confirmed"
MOST_NAMED = 20


@dataclass(frozen=True, kw_only=True)
class AdminAction:
    """What happened: a sentence for staff, the audit log's word for it, and to what it happened."""

    said: str
    to: Model
    action: str
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Question:
    """A form with its words, and what to do with the answers; refusals are shown in the form.

    `act` may answer with a page of its own, and then sees to the audit log itself.
    """

    title: str
    button: str
    form: type[forms.Form]
    act: Callable[[dict[str, Any]], AdminAction | HttpResponse]
    about: str = ""
    explanation: str = ""
    initial: dict[str, Any] | None = None


def question(
    *, name: Any, at: str, permission: str, decisive: bool = False
) -> Callable[[Page], Page]:
    """Make a method of a model's admin one of its actions, at this path.

    A page about a row answers 404 for what is none. What is `decisive` takes a password or a code
    that was given within minutes. `permission` names a `has_…_permission` of the
    admin. Unfold could take "app.codename" itself, but its system check then asks the database,
    which `check` must do without.
    """
    made: Callable[[Page], Page] = action(description=name, url_path=at, permissions=[permission])

    def decorate(page: Page) -> Page:
        @wraps(page)
        def checked(admin: ModelAdmin, request: HttpRequest, **row: str) -> HttpResponse:
            # The admin's own links quote some letters of an id; it may be no row's key at all.
            spelled = {each for value in row.values() for each in (value, unquote(value))}
            if row and not any(admin.get_object(request, each) for each in spelled):
                raise Http404
            if decisive and not step_up.is_recent(request):
                return step_up.asked(request)
            return page(admin, request, **row)

        return made(cast("Page", checked))

    return decorate


def ask(request: HttpRequest, question: Question, *, admin: ModelAdmin) -> HttpResponse:
    """Show the form, or do what was asked and lead to what it was done to."""
    posted = request.method == "POST"
    form = question.form(request.POST if posted else None, initial=question.initial)
    if posted and form.is_valid():
        try:
            done = question.act(form.cleaned_data)
        except errors.Problem as refusal:
            _show_refusal(form, refusal)
        else:
            return _done(request, done) if isinstance(done, AdminAction) else done
    page = {
        **admin.admin_site.each_context(request),
        "title": question.title,
        "button": question.button,
        "about": question.about,
        "explanation": question.explanation,
        "form": form,
        "back": request.path.rsplit("/", 2)[0] + "/",
        "opts": admin.opts,
    }
    return render(request, "admin/ask.html", page)


def confirmed(
    request: HttpRequest, chosen: QuerySet[Any], *, admin: ModelAdmin, button: Any
) -> HttpResponse | None:
    """Return None once somebody has confirmed an action on many, else the page that asks."""
    if CONFIRMED in request.POST:
        return None
    page = {
        **admin.admin_site.each_context(request),
        "title": button,
        "button": button,
        "count": chosen.count(),
        "named": chosen[:MOST_NAMED],
        "more": chosen.count() - MOST_NAMED,
        "repeated": [
            (name, value)
            for name in ("action", "select_across", "index", ACTION_CHECKBOX_NAME)
            for value in request.POST.getlist(name)
        ],
        "opts": admin.opts,
    }
    return render(request, "admin/confirm_chosen.html", page)


def staff_of(request: HttpRequest) -> User:
    """Return the person who acts."""
    assert isinstance(request.user, User)  # noqa: S101 - the admin lets nobody else in
    return request.user


def note(request: HttpRequest, performed: AdminAction) -> None:
    """Write a deed into the audit log, and into the admin's own history of the object."""
    staff = staff_of(request)
    LogEntry.objects.log_actions(staff.pk, [performed.to], CHANGE, change_message=performed.said)
    audit.record(actor=staff, action=performed.action, target=performed.to, detail=performed.detail)


def _show_refusal(form: forms.Form, refusal: errors.Problem) -> None:
    known = {name: said for name, said in refusal.errors.items() if name in form.fields}
    for name, said in known.items():
        form.add_error(name, said)
    if not known:
        form.add_error(None, refusal.detail)


def _done(request: HttpRequest, performed: AdminAction) -> HttpResponse:
    note(request, performed)
    messages.success(request, performed.said)
    options = performed.to._meta
    name = f"admin:{options.app_label}_{options.model_name}_change"
    return HttpResponseRedirect(reverse(name, args=(performed.to.pk,)))
