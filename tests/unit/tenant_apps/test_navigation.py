"""The navigation leads everybody to what they may open, the daily work first."""

from __future__ import annotations

import re

import pytest

from public_apps.accounts.models import Role
from public_apps.tenants.models import Tenant
from tests.unit.visitors import visitor

WORK = ["/", "/buildings/", "/finances/", "/requests/", "/announcements/", "/votes/"]
RUNNING = ["/members/", "/settings/", "/billing/"]


@pytest.mark.parametrize(
    ("role", "led_to"),
    [(Role.OWNER, [*WORK, *RUNNING]), (Role.MANAGER, [*WORK, "/members/"]), (Role.RESIDENT, WORK)],
)
def test_who_is_led_where(tenant: Tenant, role: Role, led_to: list[str]) -> None:
    page = visitor(role).get("/").content.decode()
    navigation = re.search(r"<nav.*?</nav>", page, re.DOTALL)
    assert navigation, page
    found = [path for path in re.findall(r'href="(/[^"]*)"', navigation[0]) if path in led_to]
    assert list(dict.fromkeys(found)) == led_to
    others = {*WORK, *RUNNING} - set(led_to)
    assert not any(f'href="{path}"' in navigation[0] for path in others)
