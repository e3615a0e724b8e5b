"""What may be done in somebody's name: looking, and the daily work; nothing that is theirs alone."""

from __future__ import annotations

from django.http import HttpRequest

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
SIGN_OUT = frozenset({"/accounts/logout/", "/_allauth/app/v1/auth/session"})
# How an impersonation begins and ends.
DOORS = SIGN_OUT | {"/support/enter/", "/support/leave/"}
# Not even to look at: passwords, recovery codes, sessions, and archives, which hold all of it.
PRIVATE = ("/accounts/", "/_allauth/", "/api/exports/", "/settings/export/")
# The daily work. What is not listed can't be changed: members and their roles, oneself, the
# subscription, votes, and whatever is added to the API without a word here.
DAILY_WORK = (
    "/api/announcements/",
    "/api/apartments/",
    "/api/buildings/",
    "/api/charges/",
    "/api/expenses/",
    "/api/files/",
    "/api/payments/",
    "/api/periods/",
    "/api/requests/",
    "/api/residencies/",
    "/announcements/",
    "/buildings/",
    "/finances/",
    "/i18n/",
    "/requests/",
)
# Of these, too, something is the person's alone: that they have read what they were told.
THEIRS_ALONE = ("/read/",)


def permits(request: HttpRequest) -> bool:
    """Whether our staff may do this in somebody's name."""
    if request.path in DOORS:
        return True
    if request.path.startswith(PRIVATE):
        return False
    if request.method in SAFE:
        return True
    return request.path.startswith(DAILY_WORK) and not request.path.endswith(THEIRS_ALONE)


def is_write(request: HttpRequest) -> bool:
    """Whether the request changes something, so that the tenant's log must tell of it."""
    return request.method not in SAFE and request.path not in DOORS


def is_sign_out(request: HttpRequest) -> bool:
    """Whether the request ends the session, and so the impersonation."""
    return request.method in {"POST", "DELETE"} and request.path in SIGN_OUT
