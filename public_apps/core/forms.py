"""Forms whose rules are the actions' own: what an action refuses is told beside the field."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Model
from django.http import HttpRequest

from public_apps.core import idempotency
from public_apps.core.errors import Invalid, Problem

CSRF_FIELD = "csrfmiddlewaretoken"  # another one each time
KEY_FIELD = "key"

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:  # generic to the type checker only
    ModelForm = forms.ModelForm


class ActionForm(ModelForm):
    """Reads a model's fields for an action, which does the saving and judges the whole row."""

    def _post_clean(self) -> None:
        """Leave the row as it is: the action fills it, and judges it with all its constraints."""

    def save(self, commit: bool = True) -> Model:
        """Refuse: actions write."""
        raise NotImplementedError


def submit_form(
    request: HttpRequest, form: forms.Form | forms.ModelForm[Any], verb: Callable[..., Any]
) -> Any:
    """Return what the verb made of a valid form; None when it was refused, which the form then tells.

    In one transaction, and once per hidden `key`: a form that is sent twice does its work once. What
    the verb returns must go into JSON, such as an id.
    """
    if not form.is_valid():
        return None
    try:
        return once(request, lambda: verb(**form.cleaned_data))
    except Problem as refusal:
        tell(form, refusal)
        return None


def once(request: HttpRequest, work: Callable[[], Any]) -> Any:
    """Do a form's work in one transaction, once per hidden `key`; raises the `Problem` it meets."""
    said = {name: request.POST.getlist(name) for name in request.POST if name != CSRF_FIELD}
    answer = idempotency.once_here(
        who=str(request.user.pk),
        key=request.POST.get(KEY_FIELD, "")[: idempotency.LONGEST_KEY] or None,
        asked={"path": request.path, "form": said},
        work=work,
    )
    if answer.is_problem:
        raise Invalid(answer.body["detail"], errors=answer.body.get("errors"))
    return answer.body


def tell(form: forms.Form | forms.ModelForm[Any], refusal: Problem) -> None:
    """Put a refusal beside the fields that it names, or on top."""
    if not refusal.errors:
        form.add_error(None, refusal.detail)
    for field, messages in refusal.errors.items():
        for message in messages:
            form.add_error(field if field in form.fields else None, message)


class LocalMoment(forms.DateTimeInput):
    """A date and a time of day, by the browser's own picker."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")
