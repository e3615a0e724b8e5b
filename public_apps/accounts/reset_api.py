"""allauth's API for a new password, with keys that begin with their own hyphen refused as any wrong one.

allauth looks for a person by what stands before the first hyphen, and breaks where nothing does.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.headless.account.inputs import ResetPasswordInput
from allauth.headless.account.views import ResetPasswordView
from django.http import HttpRequest
from django.http.response import HttpResponseBase

KEY = "HTTP_X_PASSWORD_RESET_KEY"


class KeyOfSomebody(ResetPasswordInput):
    """A new password, and a key that names whose it is."""

    def clean_key(self) -> str:
        """Return the key; refuse one that can be nobody's."""
        if not _is_somebodys(self.cleaned_data["key"]):
            raise get_adapter().validation_error("invalid_password_reset")
        key: str = super().clean_key()
        return key


class ResetView(ResetPasswordView):
    """Looks at a key, or sets a password by it."""

    input_class = KeyOfSomebody

    def handle(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer; a key in the header that can be nobody's is as good as none."""
        if not _is_somebodys(request.META.get(KEY, "")):
            request.META[KEY] = ""
            request.__dict__.pop("headers", None)  # a cached view of META
        answer: HttpResponseBase = super().handle(request, *args, **kwargs)
        return answer


def _is_somebodys(key: str) -> bool:
    return bool(key.partition("-")[0].strip())
