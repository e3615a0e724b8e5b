"""gunicorn: threads, for requests wait on PostgreSQL and Stripe rather than compute."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from typing import Any

# gunicorn's own command does not look for modules where it is started.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from config import env as settings_reader
from config.waiting_room.worker import Worker

try:
    _env = settings_reader.load(os.environ)
    bind = settings_reader.listening_address(_env)
    workers = settings_reader.whole_number(_env, "WEB_CONCURRENCY", default=2, least=1)
    # Measured with deliveries at 64 connections (docs/performance.md): of 8 threads a few wait for very
    # long, 2 or 4 are as fast and even. Of 2, one slow answer of Stripe's would hold up half a process.
    threads = settings_reader.whole_number(_env, "WEB_THREADS", default=4, least=1)
    # So many may be connected to one process, slow and idle ones included: each costs a socket.
    worker_connections = settings_reader.whole_number(
        _env, "WEB_CONNECTIONS", default=2000, least=1
    )
except settings_reader.UnsafeSetting as refusal:
    sys.exit(f"New Concierge does not start: {refusal}")
worker_class = Worker
sendfile = False  # it would write past the waiting room
# Above the longest decided wait of a request (Stripe, ten seconds), below a platform's patience.
timeout = 30
graceful_timeout = 25
keepalive = 5
# Workers are renewed: a database backend's relation cache grows with the tenants that it has served.
max_requests = 5000
max_requests_jitter = 1000
# Loaded once, before forking: an unsafe setting ends the start with one sentence, not a restart loop.
preload_app = True
accesslog = None  # RequestLog writes one structured line per request
errorlog = "-"
control_socket_disable = True  # whoever may write to it is the operator of every process here
limit_request_line = 8190
# Which headers of a proxy we believe is decided in settings. gunicorn would take SCRIPT_NAME from
# whoever connects, and a client could make a request's path look like one that the gates let pass.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""

_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
_wanted = 2 * worker_connections + 256  # a large body is a file besides
if _soft < _wanted:
    most = _wanted if _hard == resource.RLIM_INFINITY else min(_wanted, _hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, _hard))


def on_starting(arbiter: Any) -> None:
    """Refuse to serve on sessions that are not ours, and say what `manage.py check` would."""
    from config import checks

    checks.judge_at_start()


def post_worker_init(worker: Any) -> None:
    """Start, in each process of its own, what goes on beside the requests."""
    from public_apps.monitoring import background_tasks

    background_tasks.start(web=True)
