"""Names show all that they hold, wherever they are written; in mails they are names and no messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from public_apps.accounts.models import Role, User
from public_apps.core import mail_words, names
from public_apps.core.schema_context import in_public
from public_apps.onboarding.models import Signup
from public_apps.tenants.models import Tenant
from tenant_apps.buildings.models import Apartment, Building
from tests.unit.visitors import visitor

PLAIN = "Eleni Papadaki"
DRESSED = {
    "turned round": "Eleni \u202ePapadaki\u202c",
    "isolated": "\u2067Eleni\u2069 Papadaki",
    "marked": "\u200eEleni Papadaki\u200f",
    "with nothing in it": "El\u200be\u2060ni\u00ad Papadaki\ufeff",
    "with blank letters": "\u3164Eleni\u2800 \u115fPapadaki",
    "in tags": "Eleni\U000e0041\U000e0042 Papadaki",
    "in lines": "\r\nEleni\u2028\t  Papadaki\x85",
    "with variants": "Eleni\ufe0f Papadaki\U000e0101",
    "private": "Eleni\ue000 Papadaki\U0010ffff",
}


@pytest.mark.parametrize("how", DRESSED)
def test_a_name_is_kept_as_it_is_seen(tenant: Tenant, how: str) -> None:
    dressed = DRESSED[how]
    building = Building.objects.create(name=dressed, address="Akti 1")
    apartment = Apartment.objects.create(building=building, number="A1", owner_name=dressed)
    Apartment.objects.filter(pk=apartment.pk).update(tenant_name=dressed)
    person = User.objects.create_user(
        "anna@unit.example", role=Role.STAFF, first_name=dressed, last_name="P"
    )
    tenant.name = dressed
    with in_public():
        tenant.save(update_fields=["name"])
        tenant.refresh_from_db()
    for row in (building, person):
        row.refresh_from_db()
    apartment.refresh_from_db()
    seen = (tenant.name, building.name, apartment.owner_name, apartment.tenant_name)
    assert set(seen) == {PLAIN}
    assert person.get_full_name() == f"{PLAIN} P"
    assert Building.objects.filter(name=f"\u200b{PLAIN}").exists()


@pytest.mark.parametrize(
    "name", ["Ελένη Παπαδάκη", "O'Neill-Smith Jr.", "山田 太郎", "José", "Nguyễn 2", "🏠 Elm"]
)
def test_what_is_seen_stays(name: str) -> None:
    assert names.shown(name) == name
    names.check_shown(name)


@pytest.mark.parametrize("name", ["\u200b", "\u202e\u2800 \u3164"])
def test_a_name_of_which_nothing_is_seen_is_refused_beside_its_field(
    tenant: Tenant, name: str
) -> None:
    with pytest.raises(ValidationError):
        names.check_shown(name)
    owner = visitor(Role.OWNER)
    for path, body, field in (
        ("/api/buildings/", {"name": name, "address": "Akti 1"}, "name"),
        ("/api/workspace/", {"name": name}, "name"),
        ("/api/me/", {"first_name": name}, "first_name"),
        (
            "/api/invitations/",
            {"email": "a@b.gr", "role": "staff", "first_name": name},
            "first_name",
        ),
    ):
        ask: Callable[..., Any] = owner.post if "address" in body or "role" in body else owner.patch
        answer = ask(path, body, "application/json")
        assert answer.status_code == 400, path
        assert answer.json()["errors"] == {field: ["Please use letters that can be seen."]}


def test_a_sign_up_is_kept_so_too() -> None:
    for field in ("organization", "first_name", "last_name"):
        assert isinstance(Signup._meta.get_field(field), names.NameField)


@pytest.mark.parametrize(
    ("name", "in_mails"),
    [
        ("Sunny Court", "Sunny Court"),
        ("Papadaki A.E.", "Papadaki A. E."),
        ("Δώμα.gr", "Δώμα. gr"),
        ("Block 12/14, 3.5 km", "Block 12/14, 3.5 km"),
        ("evil.example/login", "evil. example/ login"),
        ("https://evil.example", "https:// evil. example"),
        ("http://10.0.0.1/a", "http:// 10.0.0.1/ a"),
        ("www.evil.gr", "www. evil. gr"),
        ("evil。example", "evil。 example"),
        ("pay@evil.gr now", "pay@ evil. gr now"),
        ("eleni@unit.example", "eleni@unit.example"),
        (f"Closed! {'x' * 60}", f"Closed! {'x' * 51}…"),
    ],
)  # fmt: skip
def test_a_name_in_a_mail_is_no_link_and_no_message(name: str, in_mails: str) -> None:
    told = mail_words.safe({"organization": name, "url": "https://a.example/x", "count": 3})
    assert told == {"organization": in_mails, "url": "https://a.example/x", "count": 3}
