"""The ground, and a vault in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from public_apps.tenants import offboarding_hooks
from tests.billing.stripe_stack import stripe_stack
from tests.core.web_stack import http_client, web_stack
from tests.lifecycle.folder_vault import FolderVault

__all__ = ["http_client", "stripe_stack", "web_stack"]


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderVault:
    """The one vault in use while the test runs."""
    kept = FolderVault(tmp_path / "vault")
    monkeypatch.setattr(offboarding_hooks, "_storages", [kept])
    return kept
