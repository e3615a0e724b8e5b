"""The Next.js site beside the rest: asked for by name, built once for its files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from devstack import frontend
from devstack.frontend import NoNode
from devstack.stack import Stack


def test_only_a_run_that_asks_for_it_has_a_frontend(
    tmp_path: Path, outside: dict[str, str]
) -> None:
    with Stack(tmp_path / "without", environ=outside) as stack:
        assert "frontend" not in stack.ours
        assert stack.frontend_url == ""
        assert "FRONTEND_URL" not in stack.env
    with Stack(tmp_path / "with", environ=outside, with_frontend=True) as stack:
        assert stack.ours[-1] == "frontend"
        assert stack.env["FRONTEND_LINKS"] == "True"
        assert stack.env["CORS_ALLOWED_ORIGINS"] == stack.frontend_url
        told = frontend.settings(stack.env, web_port=stack.web_port)
        assert told["FRONTEND_SECRET"] == stack.env["FRONTEND_SECRET"]
        assert told["CONCIERGE_API_URL"] == f"http://127.0.0.1:{stack.web_port}"
        secrets = {stack.env["STRIPE_SECRET_KEY"], stack.env["DJANGO_SECRET_KEY"]}
        assert not secrets & set(told.values())


def test_without_node_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(NoNode, match="needs node"):
        frontend.require_node()


def test_another_text_in_a_source_is_another_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frontend, "ROOT", tmp_path)
    page = tmp_path / "src" / "page.tsx"
    made = tmp_path / ".next" / "page.js"
    for path in (page, made):
        path.parent.mkdir(parents=True)
        path.write_text("first")
    first = frontend.fingerprint(tmp_path)
    made.write_text("second")
    assert frontend.fingerprint(tmp_path) == first
    page.write_text("second")
    assert frontend.fingerprint(tmp_path) != first
