"""What is sent to a plain resource follows from its serializer; what doesn't is said in a sentence."""

from __future__ import annotations

import pytest

from public_apps.tenants.models import Tenant
from tenant_apps.announcements.api import AnnouncementSerializer
from tenant_apps.buildings import actions
from tests.tenant_api import derived
from tests.tenant_api.derived import NotDerivable


def test_a_body_is_taken_by_the_serializer_and_bears_the_mark(tenant: Tenant) -> None:
    building = actions.add_building(name="Olive", address="Elaion 4")
    said = derived.body(
        "announcements_create", "announcements", mark="m1", number=2,
        row_of={"buildings": building.pk}.get,
    )  # fmt: skip
    serializer = AnnouncementSerializer(data=said)
    assert serializer.is_valid(), serializer.errors
    assert serializer.validated_data["building"] == building
    assert "m1 2" in said["title"]


def test_a_change_says_one_text() -> None:
    said = derived.body(
        "announcements_partial_update",
        "announcements",
        mark="m1",
        number=2,
        row_of=lambda _name: None,
    )
    assert list(said) == ["title"]


@pytest.mark.parametrize(
    ("operation", "resource", "sentence"),
    [
        ("apartments_create", "apartments", "apartments: no value follows from `building`"),
        ("files_create", "files", "files: it says itself what it takes; add its bodies to"),
        ("votes_close_create", "votes", "votes: no body to send for `votes_close_create`; add one"),
        ("gardens_create", "gardens", "gardens: no body to send for `gardens_create`"),
    ],
)
def test_what_does_not_follow_is_said(operation: str, resource: str, sentence: str) -> None:
    with pytest.raises(NotDerivable, match=sentence):
        derived.body(operation, resource, mark="m1", number=1, row_of=lambda _name: None)
