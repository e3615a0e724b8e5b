"""`python -m mock_stripe`: serve until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from mock_stripe import endpoints
from mock_stripe.api import Api
from mock_stripe.app import HOST, App, bind
from mock_stripe.control import Control
from mock_stripe.delivery import Courier
from mock_stripe.journal import StateDamaged, StateInUse
from mock_stripe.lifecycle import Lifecycle
from mock_stripe.pages import Pages
from mock_stripe.store import Store

# How soon the server sees that it is to stop.
_POLL_SECONDS = 0.1
_FALSE = {"0", "false", "no", "off", "n", "f"}
_USUAL_SECRET = "whsec_mock"  # noqa: S105  # signs what a mock sends to this machine


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, and return the exit status."""
    options = _options(arguments)
    if _is_production() and not options.allow_non_debug:
        sys.stderr.write(
            "The mock Stripe does not start with DJANGO_DEBUG off: it is no payment provider. "
            "If this is a test, say --allow-non-debug.\n"
        )
        return 2
    try:
        store = Store(options.state)
    except (StateInUse, StateDamaged) as error:
        sys.stderr.write(f"The mock Stripe does not start: {error}.\n")
        return 1
    _serve(store, options)
    store.close()
    return 0


def _serve(store: Store, options: argparse.Namespace) -> None:
    with store.change() as change:
        endpoints.set_given(change, url=options.webhook_url, secret=options.webhook_secret)
    courier = Courier(store, retry_scale=options.retry_scale)
    lifecycle = Lifecycle(store)
    # The port may be a free one that is only known once it is bound, hence the order.
    server = bind(options.port, None)
    public_url = (options.public_url or f"http://localhost:{server.port}").rstrip("/")
    store.public_url = public_url
    api = Api(store=store, public_url=public_url, secret_key=options.secret_key)
    server.app = App(
        api=api,
        control=Control(store=store, lifecycle=lifecycle, faults=api.faults),
        pages=Pages(store=store, courier=courier, lifecycle=lifecycle),
        public_url=public_url,
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    courier.start()
    lifecycle.start()
    serving = threading.Thread(
        target=server.serve_forever, args=(_POLL_SECONDS,), name="server", daemon=True
    )
    serving.start()
    sys.stdout.write(f"Mock Stripe serves on http://{HOST}:{server.port} ({public_url})\n")
    sys.stdout.flush()
    stop.wait()
    lifecycle.stop()
    courier.stop()
    server.shutdown()
    serving.join()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mock_stripe", description=__doc__)
    parser.add_argument("--port", type=int, default=12111, help="on 127.0.0.1; 0: a free one")
    parser.add_argument("--state", type=Path, required=True, help="folder that keeps the state")
    parser.add_argument("--webhook-url", type=_url, help="where every event is posted to")
    parser.add_argument("--webhook-secret", default=_USUAL_SECRET, help="signs these posts")
    parser.add_argument("--secret-key", help="the only key to accept; else any sk_test_ key")
    parser.add_argument("--public-url", type=_url, help="where browsers reach the pages")
    parser.add_argument(
        "--retry-scale", type=float, default=1.0, help="stretches the pauses between retries"
    )
    parser.add_argument("--allow-non-debug", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{value!r} is no http(s) address")
    return value


def _is_production() -> bool:
    return os.environ.get("DJANGO_DEBUG", "").strip().lower() in _FALSE


if __name__ == "__main__":
    sys.exit(main())
