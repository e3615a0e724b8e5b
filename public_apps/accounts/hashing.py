"""How passwords are hashed where nothing is secret."""

from __future__ import annotations

from django.contrib.auth.hashers import ScryptPasswordHasher


class QuickScryptHasher(ScryptPasswordHasher):
    """Scrypt at next to no cost, for tests: a real hash takes a fifth of a second, thousands of times.

    Settings take it only with `DJANGO_DEBUG`. The cost is part of what is stored, so the real hasher
    reads these, too.
    """

    work_factor = 2**4
    parallelism = 1
