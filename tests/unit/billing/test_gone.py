"""One place alone takes a 404 for an end, for it alone asks whose key was told so."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from devstack.processes import ROOT

BELIEVER = "billing/stripe_account.py"
GATEWAY = "billing/gateway/"


def mentions(path: Path) -> Iterator[int]:
    """Yield the lines that name the gateway's `Gone`."""
    for node in ast.walk(ast.parse(path.read_text())):
        named = isinstance(node, ast.Attribute) and node.attr == "Gone"
        module = getattr(getattr(node, "value", None), "id", "")
        if named and module in {"gateway", "client"}:
            yield getattr(node, "lineno", 0)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("billing.gateway"):
            yield from (node.lineno for name in node.names if name.name == "Gone")


def test_nobody_else_catches_what_says_that_something_is_gone() -> None:
    found = {
        str(path.relative_to(ROOT))
        for room in ("billing", "staff", "website", "public_apps", "tenant_apps")
        for path in (ROOT / room).rglob("*.py")
        if any(mentions(path))
    }
    assert {path for path in found if not path.startswith(GATEWAY)} == {BELIEVER}


def test_no_call_of_the_gateway_answers_none_for_it() -> None:
    """Whoever reads Stripe is told by an error, which nobody can take for an end by mistake."""
    for path in (ROOT / GATEWAY).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler) and "Gone" in ast.dump(node.type or node):
                # The one that makes what is not there: nothing of ours ends by that.
                assert path.name == "catalogue.py", f"{path.name}:{node.lineno}"
