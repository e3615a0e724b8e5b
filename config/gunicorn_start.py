"""`python -m config.gunicorn_start`: gunicorn as the Procfile starts it, by settings that it can read.

gunicorn reads WEB_CONCURRENCY by itself, before any file of ours, and ends in a traceback where the
variable is there and empty, which is how platforms keep one that somebody has cleared.
"""

from __future__ import annotations

import os
import sys

from config import gunicorn

GUNICORN = ("-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi:application")


def main() -> None:
    """Become gunicorn; what is added on the command line goes to it."""
    os.environ["WEB_CONCURRENCY"] = str(gunicorn.workers)
    os.execv(sys.executable, [sys.executable, *GUNICORN, *sys.argv[1:]])  # noqa: S606 - ourselves, without a shell


if __name__ == "__main__":
    main()
