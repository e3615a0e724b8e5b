"""docs/architecture.svg shows the imports that there are, and refuses what it has no place for."""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree as ET

import pytest

from devstack import architecture
from devstack.architecture import NoPlace


def shown(counted: dict[tuple[str, str], int]) -> list[str]:
    """Return all texts of the picture of these imports."""
    svg = ET.fromstring(architecture.picture(Counter(counted)))  # noqa: S314 - our own
    return [each.text or "" for each in svg.iter("{http://www.w3.org/2000/svg}text")]


def test_imports_of_all_public_apps_come_together_in_one_arrow() -> None:
    texts = shown({("billing", "core"): 50, ("billing", "tenants"): 31, ("tenants", "core"): 7})
    assert "81" in texts
    assert "7" in texts
    assert "50" not in texts


def test_every_room_and_every_public_app_is_in_the_picture() -> None:
    texts = shown({})
    assert {*architecture.layers("rooms"), *architecture.layers("public-apps")} <= {*texts}
    assert {"mock_stripe", "devstack"} <= {*texts}


def test_an_arrow_for_which_there_is_no_lane_is_refused_by_name() -> None:
    with pytest.raises(NoPlace, match="website → tenant_apps"):
        shown({("website", "tenant_apps"): 1})


def test_a_room_that_the_picture_does_not_know_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(architecture, "ROOMS", {**architecture.ROOMS})
    del architecture.ROOMS["website"]
    with pytest.raises(NoPlace, match="website"):
        shown({})


def test_a_module_is_in_the_room_of_its_first_name_and_a_public_app_in_its_own() -> None:
    assert architecture.room_of("billing.owners.api") == "billing"
    assert architecture.room_of("public_apps.core.rest") == "core"
    assert architecture.room_of("public_apps") == "public_apps"
