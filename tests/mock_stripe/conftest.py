"""The mock is tested from outside: a real process, Stripe's own client, a real webhook endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mock_stripe.mock_server import Mock, Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A shop's webhook endpoint."""
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def mock(tmp_path: Path, receiver: Receiver) -> Iterator[Mock]:
    """A mock Stripe that delivers to the receiver, and retries ten times as fast as usual."""
    mock = Mock(tmp_path, webhook_url=receiver.url, options=["--retry-scale", "0.1"])
    mock.start()
    yield mock
    if mock.is_running:
        assert mock.stop() == 0
