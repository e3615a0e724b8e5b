"""The search for credentials finds what is planted, tells where, and says nothing of what it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from devstack import check, credentials


@pytest.mark.parametrize("kind", credentials.KINDS, ids=lambda kind: kind.name)
def test_what_is_planted_is_found_by_its_kind_and_line(
    tmp_path: Path, kind: credentials.Kind
) -> None:
    (tmp_path / "notes.md").write_text(f"first\nsecond {kind.example()} and more\n")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff" + kind.example().encode())
    found = list(credentials.looked_through(tmp_path, ["notes.md", "picture.png", "gone.txt"]))
    assert found == [credentials.Found(path="notes.md", line=2, kind=kind.name)]


def test_a_search_that_misses_its_canary_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [first, *_others] = credentials.KINDS
    blind = credentials.Kind(name="blind", shape=re.compile("(?!)"), example=first.example)
    monkeypatch.setattr(credentials, "KINDS", (first, blind))
    assert credentials.main() == 2
    assert "did not find a planted blind" in capsys.readouterr().err


def test_words_of_tests_and_documents_are_no_credentials(tmp_path: Path) -> None:
    words = "sk_test_... sk_live_51Habc123XYZ whsec_… postgresql://user:password@host:5432/database"
    (tmp_path / "words.txt").write_text(words)
    assert list(credentials.looked_through(tmp_path, ["words.txt"])) == []


def test_it_is_one_of_the_checks() -> None:
    assert "credentials" in {each.name for each in check.checks([])}
