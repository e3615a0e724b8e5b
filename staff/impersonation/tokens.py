"""Session tokens, where the session may be one of our staff in somebody's name."""

from __future__ import annotations

from allauth.core import context
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.contrib.sessions.backends.base import SessionBase

from staff.impersonation import gate


class SessionTokens(SessionTokenStrategy):
    """A session's key as a token, under the same limits as its cookie."""

    def lookup_session(self, session_token: str) -> SessionBase | None:
        """Return the token's session, or None; raises `PermissionDenied` beyond support's limits."""
        session: SessionBase | None = super().lookup_session(session_token)
        if session is None or gate.MARK not in session:
            return session
        try:
            gate.admit(context.request, session[gate.MARK])
        except gate.Over:
            return None
        return session
