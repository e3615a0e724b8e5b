"""Jobs that leave things as they should not be."""

from __future__ import annotations

import time

from django.db import connection, transaction
from procrastinate.contrib.django import app

from public_apps.core import jobs, schema_context


@app.task(queue="unruly", name="unruly.note")
def note(word: str) -> None:
    """Write down a word, and where this job works."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO public.noted (word, search_path) VALUES (%s, current_setting('search_path'))",
            [word],
        )


@app.task(queue="unruly", name="unruly.leave")
def leave(schema: str, *, fail: bool) -> None:
    """Go away with the connection in a tenant's schema, maybe by an error."""
    schema_context.connection.set_schema(schema, include_public=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if fail:
        raise RuntimeError("left in a hurry")


@app.task(queue="unruly", name="unruly.promise_and_fail")
def promise_and_fail(word: str) -> None:
    """Enqueue a job in a transaction that does not come to its end."""
    with transaction.atomic():
        note.defer(word=word)
        raise RuntimeError("changed my mind")


@app.task(queue="unruly", name="unruly.ask_twice")
def ask_twice(word: str) -> None:
    """Enqueue the same job twice in one transaction that also writes."""
    with transaction.atomic():
        jobs.defer_once("unruly.note", lock=f"note:{word}", word=word)
        jobs.defer_once("unruly.note", lock=f"note:{word}", word=word)
        note.func(f"{word}, written")


@app.task(queue="unruly", name="unruly.hang_once")
def hang_once(word: str) -> None:
    """Hang at the first try, so that somebody can kill the worker; be quick at the second."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM public.noted WHERE word = %s", [word])
        (tries,) = cursor.fetchone() or (0,)
    note.func(word)
    if not tries:
        time.sleep(600)


@app.task(queue="unruly", name="unruly.hang")
def hang(word: str) -> None:
    """Hang, whoever waits for the slot."""
    note.func(word)
    time.sleep(600)


@app.task(queue="unruly", name="unruly.take_long")
def take_long(word: str, seconds: int) -> None:
    """Be at it for longer than a worker may be silent."""
    note.func(word)
    time.sleep(seconds)
