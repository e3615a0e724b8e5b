"""A plugin of pytest: gives each process of a run its lane's environment, before settings are read.

`devstack.lanes` says what a lane is. Loaded by `-p`, which comes before pytest-django.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from devstack.environment import LANE, LANES


def enter() -> None:
    """Take over the environment of this process's lane; whoever leads the others has none."""
    if name := os.environ.get(LANE):
        os.environ.update(json.loads(Path(os.environ[LANES]).read_text())[name])


enter()
