"""How allauth behaves here: nobody signs up by themselves, and redirects stay on the host."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.headless.internal.restkit.response import ErrorResponse
from django.db import transaction
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from public_apps.accounts import reset
from public_apps.accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Members come by invitation; owners by their purchase."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """Allow this host only: allauth's own rule trusts ALLOWED_HOSTS, which is open here."""
        request = context.request
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )

    def set_password(self, user: User, password: str) -> None:
        """Set it, unless it has changed since `user` was read: of two uses of one key, one wins."""
        with transaction.atomic():
            held = User.objects.select_for_update().get(pk=user.pk)
            if held.password != user.password:
                spent = self.validation_error("invalid_password_reset")
                raise ImmediateHttpResponse(ErrorResponse(context.request, exception=spent))
            super().set_password(user, password)

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Promise the mail; nothing of it is made or sent while somebody waits."""
        reset.promise(user)
