"""What a plan keeps of a history: text, and as many rendered models as there is room for."""

from __future__ import annotations

import pytest

from public_apps.tenants import schema_creation
from public_apps.tenants.schema_migrations import kept, plan
from public_apps.tenants.schema_migrations.plan import Plan


def built_twice(monkeypatch: pytest.MonkeyPatch, *, room: int) -> Plan:
    """Build two schemas by a plan of this test's own; each is held against this code's head."""
    monkeypatch.setattr(plan, "MOST_RENDERED", room)
    monkeypatch.setattr(schema_creation, "_from_nothing", [])
    schema_creation.build_tenant()
    schema_creation.build_tenant()
    (whole,) = schema_creation._from_nothing
    return whole


def rendered(whole: Plan) -> int:
    """Return how many models a plan keeps rendered for code in Python."""
    works = [work for step in whole.steps for work in step.works or []]
    return sum(len(work.before.models) for work in works if "apps" in work.before.__dict__)


@pytest.mark.usefixtures("db")
def test_what_has_become_text_keeps_no_states(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = built_twice(monkeypatch, room=2000)
    texts = [step for step in whole.steps if step.text is not None]
    assert len(texts) > len(whole.steps) / 2
    assert all(step.works is None and step.before is None for step in texts)
    assert "apps" not in whole.start.__dict__
    assert not whole.needs_transactions, "ours are built in one transaction"
    assert 0 < rendered(whole) <= 2000


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("room", [0, 100])
def test_where_there_is_no_room_models_are_rendered_again_and_all_is_the_same(
    monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    kept_before = dict(kept.recall())
    whole = built_twice(monkeypatch, room=room)
    assert rendered(whole) <= room * 1.1, "a few may be made between a step's begin and its Python"
    assert any(step.works is None for step in whole.steps if step.text is None and step.operations)
    assert not kept_before or dict(kept.recall()) == kept_before
