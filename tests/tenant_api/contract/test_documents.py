"""Both APIs answer as the documents that they serve say, whatever they are asked."""

from __future__ import annotations

from tests.core.ground import Door, Ground
from tests.tenant_api.contract.conversation import Conversation
from tests.tenant_api.estate import Estate, furnished
from tests.tenant_api.operations import Operation, operations

EXAMPLES = 12
# What takes Stripe or DNS, who don't answer here; a second sample; and the end of a workspace that
# has been renamed again and again.
NOT_HERE = ("subscription", "domains_make_primary", "sample_create", "deletion")


def conversation(estate: Estate) -> Conversation:
    """Return one as the workspace's owner."""
    headers = {"Authorization": f"Bearer {estate.token}", "X-Forwarded-For": estate.door.address}
    return Conversation(estate.door.url, estate.host, headers, EXAMPLES)


def _ids(operation: Operation, estate: Estate) -> dict[str, object]:
    if not operation.is_about_a_row:
        return {}
    named = operation.path(estate.lot).split("/")
    places = operation.route.split("/")
    return {
        place.strip("{}"): int(word) if word.isdigit() else word
        for place, word in zip(places, named, strict=True)
        if place.startswith("{")
    }


def test_the_tenant_api_answers_as_its_document_says(door: Door) -> None:
    """Each operation is asked for what works, then for whatever its document allows."""
    estate = furnished(door)
    talk = conversation(estate)
    described = dict(talk.operations())
    known = operations(door, estate.host)
    for operation in known:
        ids = _ids(operation, estate)
        content = operation.content(estate, estate.lot)
        talk.example(operation.name, described[operation.name], content, **ids)
        talk.explore(operation.name, described[operation.name], ids)
    assert not talk.faults, "\n".join(f"{name}: {said}" for name, said in talk.faults.items())
    assert set(talk.statuses) == set(described)
    never_taken = {
        f"{name} {seen}"
        for name, seen in talk.statuses.items()
        if min(seen) >= 300 and not name.startswith(NOT_HERE)
    }
    assert never_taken == set()


def test_the_public_api_answers_as_its_document_says(ground: Ground, door: Door) -> None:
    talk = Conversation(door.url, "localhost", {"X-Forwarded-For": door.address}, EXAMPLES)
    for name, operation in talk.operations():
        talk.explore(name, operation, {})
    assert not talk.faults, "\n".join(f"{name}: {said}" for name, said in talk.faults.items())
    assert len(talk.statuses) >= 5
