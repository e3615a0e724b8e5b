"""Settings about the database: where it is, and how long a web process or a worker waits for it.

DATABASE_URL is read as PostgreSQL's own library reads it.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import environ
from psycopg import ProgrammingError, pq
from psycopg.conninfo import conninfo_to_dict

from config.env import UnsafeSetting, text, whole_number
from public_apps.core.database_waits import Waits

# A peer that is gone without a word is noticed: when nothing is heard for half a minute, or what
# was sent is not acknowledged for as long (milliseconds).
TCP = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
# What Django names by itself; the rest goes to libpq as it is.
NAMED = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
# Which words of options= are ours alone: each session is turned to a schema by us.
OURS = re.compile("search_path", re.IGNORECASE)
WORD = re.compile(r"[a-z_]{2,40}")
MARKS = "write signs such as @ : / % and blanks in user, password and options as %40, %3A and so on"


def database_url(env: environ.Env, *, debug: bool) -> str:
    """Return the PostgreSQL URL; nothing else is supported."""
    url = text(env, "DATABASE_URL")
    if not url:
        if not debug:
            raise UnsafeSetting("DATABASE_URL is missing: set it to postgresql://….")
        return "postgresql://127.0.0.1:5432/concierge"
    if not url.startswith(("postgres://", "postgresql://")):
        raise UnsafeSetting(
            "DATABASE_URL must start with postgresql://; no other database will do."
        )
    parameters(url)
    return url


def entry(url: str) -> dict[str, Any]:
    """Return Django's database entry for a PostgreSQL URL; an unreachable server fails in seconds."""
    given = parameters(url)
    named = {name: given.pop(word, "") for name, word in NAMED.items()}
    # Only what asks for it is prepared (see `billing.inbox`): Django's own cursors never are.
    options = {"connect_timeout": 5, "prepare_threshold": 5, **TCP, **given}
    return {**named, "OPTIONS": options}


def parameters(url: str) -> dict[str, Any]:
    """Return what a URL says, by libpq's names; sockets (`%2Fvar%2Frun`) and `options=` included.

    Raises `UnsafeSetting`, without a piece of the URL that might be one of the password.
    """
    try:
        given = conninfo_to_dict(url)
    except ProgrammingError as error:
        raise UnsafeSetting(f"DATABASE_URL can't be read: {_why(url)}.") from error
    if not given.get("dbname"):
        raise UnsafeSetting("DATABASE_URL names no database: write postgresql://…/<database>.")
    for port in str(given.get("port", "")).split(","):
        if port and not (port.isdecimal() and 0 < int(port) < 65_536):
            raise UnsafeSetting(f"DATABASE_URL can't be read: {MARKS}.")
    if OURS.search(str(given.get("options", ""))):
        raise UnsafeSetting(
            "DATABASE_URL sets search_path in options=: leave it out, each request sets its own."
        )
    return dict(given)


def _why(url: str) -> str:
    """Return what PostgreSQL's library does not take, if it is a word that can be shown."""
    taken = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    try:
        words = [word for word, _value in parse_qsl(urlsplit(url).query, keep_blank_values=True)]
    except ValueError:
        return MARKS
    for word in words:
        if word not in taken and WORD.fullmatch(word):
            return f"PostgreSQL knows no {word}= behind the question mark, leave it out"
    return MARKS


def web_waits(env: environ.Env) -> Waits:
    """Return how long a web process waits: somebody waits for it."""
    return Waits(
        name="web",
        statement=whole_number(env, "WEB_STATEMENT_SECONDS", default=6),
        lock=whole_number(env, "WEB_LOCK_SECONDS", default=5),
        idle=whole_number(env, "WEB_IDLE_SECONDS", default=30),
    )


def worker_waits(env: environ.Env) -> Waits:
    """Return how long a worker waits: nobody else goes on with what it has begun."""
    return Waits(
        name="worker",
        statement=whole_number(env, "WORKER_STATEMENT_SECONDS", default=300),
        lock=whole_number(env, "WORKER_LOCK_SECONDS", default=60),
        idle=whole_number(env, "WORKER_IDLE_SECONDS", default=900),
    )
