"""What a stack starts from instead of from nothing; `devstack.template` makes it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Template:
    """A system that is stopped, to start others from: `Stack(…, template=…)`."""

    data: Path
    superuser_password: str
    mock_stripe: Path

    def copy_data(self, target: Path) -> None:
        """Copy the data directory, owners and modes included."""
        subprocess.run(["/bin/cp", "-a", self.data, target], check=True)

    def copy_mock_stripe(self, target: Path) -> None:
        """Copy what the mock Stripe knows, unless one lives there already."""
        if not target.exists():
            shutil.copytree(self.mock_stripe, target)
