"""How allauth behaves here: nobody signs up by themselves, and redirects stay on the host."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import is_headless_request
from allauth.headless.internal.restkit.response import ErrorResponse
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from public_apps.accounts import authority, password_reset, security_notifications, sign_in_log
from public_apps.accounts.members import actions as members
from public_apps.accounts.models import User
from public_apps.accounts.outside_mails import QuotaSpent
from public_apps.accounts.sign_in_throttling import Attempt
from public_apps.core import email_addresses, error_responses
from public_apps.core.errors import TooManyRequests

# allauth counts tries at a second factor by person: 5 within 300 seconds.
SECOND_FACTOR_WAIT = 299


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

    def clean_email(self, email: str) -> str:
        """Take any spelling of an address for the one that we keep; refuse what can't be mailed."""
        return email_addresses.read(email)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Look somebody up, and count the tries, by the address whichever way it is spelled."""
        if isinstance(credentials.get("email"), str):
            credentials["email"] = email_addresses.known(credentials["email"])
        found: AbstractBaseUser | None = super().authenticate(request, **credentials)
        return found

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count a try at a password; one too many is told as such, never as a wrong password."""
        try:
            # allauth rolls it back when the password turns out to be right.
            self._login_failed_rl_usage = _attempt(request, credentials).begin()
        except TooManyRequests as refusal:
            raise ImmediateHttpResponse(error_responses.answer(request, refusal)) from refusal

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Begin anew after a reset by mail."""
        _attempt(request, credentials).forget()

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """Return the error, but let too many tries at a code not look like a wrong one."""
        if code == "too_many_login_attempts":
            refusal = TooManyRequests(wait=SECOND_FACTOR_WAIT)
            raise ImmediateHttpResponse(error_responses.answer(context.request, refusal))
        error: ValidationError = super().validation_error(code, *args)
        return error

    def set_password(self, user: User, password: str) -> None:
        """Set it, unless it has changed since `user` was read: of two uses of one key, one wins.

        Nor for somebody who was let go meanwhile. What else has changed of them stays as it is now.
        """
        with transaction.atomic():
            held = User.objects.select_for_update().get(pk=user.pk)
            if held.password != user.password or not held.is_active:
                spent = self.validation_error("invalid_password_reset")
                raise ImmediateHttpResponse(ErrorResponse(context.request, exception=spent))
            user.refresh_from_db()
            super().set_password(user, password)
            sign_in_log.record_new_password(user)

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Promise the mail; nothing of it is made or sent while somebody waits."""
        password_reset.enqueue(user)

    def send_confirmation_mail(
        self, request: HttpRequest, emailconfirmation: EmailConfirmation, signup: bool
    ) -> None:
        """Promise the mail to a new address; until its link is used, the old one stays."""
        try:
            security_notifications.enqueue_confirmation(emailconfirmation)
        except QuotaSpent as refusal:
            raise ImmediateHttpResponse(error_responses.answer(request, refusal)) from refusal

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Make a confirmed address the person's only one, unless somebody has taken it meanwhile."""
        with transaction.atomic():
            authority.one_at_a_time()
            if not members.is_free(email_address.email, for_=email_address.user):
                self._refuse_taken_address(request)
                return False
            confirmed = bool(super().confirm_email(request, email_address))
            if confirmed:
                members.note_new_address(email_address.user)
            return confirmed

    def _refuse_taken_address(self, request: HttpRequest) -> None:
        """Say so to a program: allauth's API takes a False for a fault of its own, a 500."""
        if is_headless_request(request):
            taken = self.validation_error("email_taken")
            raise ImmediateHttpResponse(ErrorResponse(request, exception=taken))

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Promise a word on what became of an account, to the address that it had before."""
        security_notifications.enqueue_notice(template_prefix, person=user, to=email or "")


def _attempt(request: HttpRequest, credentials: dict[str, Any]) -> Attempt:
    return Attempt(request, account=str(credentials.get("email", "")))
