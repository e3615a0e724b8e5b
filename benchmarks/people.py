"""People and addresses for the tenants of a benchmark, and a session for somebody of each."""

from __future__ import annotations

import random
from dataclasses import dataclass

import psycopg
from psycopg import sql

from devstack.stack import Stack

# Each tenant's first address: the routing knows a tenant by it.
DOMAINS = """
    INSERT INTO tenants_domain (domain, tenant_id, is_primary, created_at)
    SELECT 'bench-' || t.id || '.localhost', t.id, true, now() FROM tenants_tenant t
    WHERE t.opened_at IS NOT NULL AND NOT EXISTS (SELECT FROM tenants_domain d WHERE d.tenant_id = t.id)
"""
PLACES = """
    SELECT t.schema_name, d.domain FROM tenants_tenant t JOIN tenants_domain d ON d.tenant_id = t.id
    WHERE t.opened_at IS NOT NULL AND d.is_primary ORDER BY t.id
"""
PEOPLE = """
    INSERT INTO {}.accounts_user (password, is_superuser, email, first_name, last_name, language,
        role, is_active, is_staff, date_joined)
    SELECT '', false, 'person' || n || '@bench.example', 'Be', 'Nch', 'en',
        (ARRAY['owner', 'manager', 'staff', 'resident'])[1 + n %% 4], true, false, now()
    FROM generate_series(1, %s) n ON CONFLICT DO NOTHING
"""
EACH = 20


@dataclass(frozen=True)
class Place:
    """A tenant's schema and its host."""

    schema_name: str
    host: str


def settle(stack: Stack) -> list[Place]:
    """Give each open tenant an address and people, and public as many; return the tenants."""
    with psycopg.connect(stack.database_url, autocommit=True) as database:
        database.execute(DOMAINS)
        places = [Place(*row) for row in database.execute(PLACES).fetchall()]
        for name in ("public", *(place.schema_name for place in places)):
            database.execute(sql.SQL(PEOPLE).format(sql.Identifier(name)), [EACH])
        database.execute("ANALYZE")
    return places


def session_of_owner(place: Place) -> str:
    """Sign an owner in and return the session's cookie."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from public_apps.accounts.models import Role, User
    from public_apps.core.schema_context import inside

    with inside(place.schema_name):
        owner = User.objects.filter(role=Role.OWNER).earliest("pk")
        session = SessionStore()
        session[SESSION_KEY] = str(owner.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = owner.get_session_auth_hash()
        session.create()
        return str(session.session_key)


def at_random(seed: int) -> random.Random:
    """Return a source of choices that are the same each time."""
    return random.Random(seed)  # noqa: S311 - nothing is to be kept from anyone
