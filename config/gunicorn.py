"""gunicorn: threads, for requests wait on PostgreSQL and Stripe rather than compute."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from typing import Any

# gunicorn's own command does not look for modules where it is started.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from config.waiting_room.worker import Worker

bind = f"{os.environ.get('WEB_HOST', '0.0.0.0')}:{os.environ.get('PORT', '8000')}"  # noqa: S104 - a container's own network
worker_class = Worker
# So many may be connected to one process, slow ones and idle ones included: each costs a socket.
worker_connections = int(os.environ.get("WEB_CONNECTIONS", "2000"))
sendfile = False  # it would write past the waiting room
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# Measured with deliveries at 64 connections (docs/performance.md): of 8 threads a few wait for very
# long, 2 or 4 are as fast and even. Of 2, one slow answer of Stripe's would hold up half a process.
threads = int(os.environ.get("WEB_THREADS", "4"))
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


def post_worker_init(worker: Any) -> None:
    """Start, in each process of its own, what goes on beside the requests."""
    from public_apps.monitoring import background_tasks

    background_tasks.start(web=True)
