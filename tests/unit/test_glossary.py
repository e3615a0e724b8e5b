"""The glossary speaks of what there is: its links lead somewhere, its words are in the code."""

from __future__ import annotations

import re

from devstack.processes import ROOT

GLOSSARY = ROOT / "docs" / "glossary.md"
TEXT = GLOSSARY.read_text(encoding="utf-8")
ROWS = [
    line.strip("| ").split(" | ")
    for line in TEXT.splitlines()
    if line.startswith("| ") and not line.startswith(("| term |", "| ---"))
]
OURS = (
    "config", "staff", "website", "billing", "tenant_apps", "public_apps", "mock_stripe", "devstack",
)  # fmt: skip


def code() -> str:
    """Return all of our modules, each with its path, as one text."""
    files = [path for folder in OURS for path in sorted((ROOT / folder).rglob("*.py"))]
    return "\n".join(f"{path.relative_to(ROOT)}\n{path.read_text('utf-8')}" for path in files)


def is_called(name: str, *, text: str) -> bool:
    """Whether a file of this path is there, or the text has this name whole."""
    whole = re.escape(name.removesuffix("…"))
    return (ROOT / name).exists() or bool(re.search(rf"(?<!\w){whole}(?!\w)", text))


def test_every_word_in_backticks_is_called_so_in_the_code() -> None:
    text = code()
    words = {word for word in re.findall(r"`([^`]+)`", TEXT) if not is_called(word, text=text)}
    assert not words, f"docs/glossary.md has words that the code does not have: {sorted(words)}"


def test_every_link_leads_to_what_is_there() -> None:
    targets = set(re.findall(r"\]\(([^)#]+)\)", TEXT))
    assert targets
    lost = sorted(target for target in targets if not (GLOSSARY.parent / target).exists())
    assert not lost, f"docs/glossary.md leads to what is not there: {lost}"


def test_every_term_has_one_line_that_says_what_it_is_and_where() -> None:
    assert len(ROWS) > 50
    for term, what, where in ROWS:
        assert what.endswith("."), term
        assert where.startswith("["), term
    assert len({row[0] for row in ROWS}) == len(ROWS), "a term stands there twice"


def test_a_word_that_is_only_a_part_of_a_name_does_not_count() -> None:
    assert is_called("take_tenant", text="provisioning.take_tenant(name=1)")
    assert not is_called("take", text="provisioning.take_tenant(name=1)")
