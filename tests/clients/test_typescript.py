"""The typed client for the frontend, packed and installed, run by Node against the real system."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest

from tests.clients.npm import Project, tool
from tests.customer import Order, Shop, Workspace


def test_a_site_takes_a_buyer_from_the_plans_to_their_workspace_with_the_typed_client(
    shop: Shop, project: Project
) -> None:
    project.compile("tsconfig.example.json")
    order = Order()
    script = project.folder / "out" / "example" / "purchase.js"
    running = subprocess.Popen(
        [tool("node"), str(script), shop.url, shop.mock, order.subdomain, order.email],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"]},
    )
    try:
        said = [_next_line(running) for _ in range(3)]
        session_id, host = said[1]["session"], said[2]["host"]
        workspace = Workspace(shop, order, session_id, f"http://{host}/")
        out, err = running.communicate(f"{workspace.key()}\n", timeout=60)
    finally:
        running.kill()
    assert running.returncode == 0, err
    said += [json.loads(line) for line in out.splitlines()]

    assert [each["step"] for each in said] == [
        "plans", "checkout", "ready", "me", "renewed", "signed out",
    ]  # fmt: skip
    assert said[3]["role"] == "owner"
    # Two requests met an ended session at once: they signed in once, and both went through.
    assert said[4] == {"step": "renewed", "renewals": 1, "statuses": [200, 200]}
    assert said[5]["mode"] == "mock"


def _next_line(running: subprocess.Popen[str]) -> dict[str, Any]:
    assert running.stdout is not None
    line = running.stdout.readline()
    if not line:
        _, err = running.communicate(timeout=10)
        pytest.fail(f"the program ended early: {err}")
    step: dict[str, Any] = json.loads(line)
    return step
