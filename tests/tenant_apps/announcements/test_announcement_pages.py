"""Announcements by pages: written at a desk, read on a phone, in Greek, too."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browsing import PHONE, keep_screenshot
from tests.tenant_api.populated_workspace import PopulatedWorkspace
from tests.tenant_apps.announcements.test_announcements import PATH, posted
from tests.tenant_apps.visiting import address, at_home

pytestmark = pytest.mark.browser


def test_an_announcement_is_written_read_changed_and_deleted(
    browser: Browser, populated: PopulatedWorkspace
) -> None:
    assert populated.resident.token
    his = at_home(browser, populated.manager)
    his.goto(address(populated.manager, "/announcements/new/"))
    his.get_by_label("Title").fill("Water is cut on Monday")
    his.get_by_label("Text").fill("From ten\nto noon.")
    his.get_by_label("Building").select_option(label=populated.building.name)
    his.get_by_label("Pinned").check()
    keep_screenshot(his, "announcement-new-1280")
    his.click("main button[type=submit]")
    his.wait_for_url(re.compile(r"/announcements/\d+/$"))
    path = "/" + his.url.split("/", 3)[3]

    hers = at_home(browser, populated.resident, PHONE)
    hers.goto(address(populated.resident, "/announcements/"))
    keep_screenshot(hers, "announcements-360")
    hers.get_by_role("link", name="Water is cut on Monday").click()
    expect(hers.get_by_text("From ten")).to_be_visible()
    expect(hers.get_by_role("link", name="Change")).to_have_count(0)
    keep_screenshot(hers, "announcement-360")
    assert populated.resident.get(f"{PATH}{path.split('/')[2]}/")["read_at"]

    his.get_by_role("link", name="Change").click()
    his.get_by_label("Expires").fill("2020-01-01T10:00")
    his.click("main button[type=submit]")
    expect(his.get_by_text("It can't expire before it appears.")).to_be_visible()
    his.get_by_label("Expires").fill("2040-01-01T10:00")
    his.click("main button[type=submit]")
    expect(his.get_by_text("Shown until 1 January 2040, 10:00.")).to_be_visible()
    his.get_by_role("button", name="Delete this announcement").click()
    his.wait_for_url(re.compile(r"/announcements/$"))
    answer = hers.goto(address(populated.resident, path))
    assert answer is not None
    assert answer.status == 404


def test_residents_get_no_form_and_cant_send_one(
    browser: Browser, populated: PopulatedWorkspace
) -> None:
    made = posted(populated.manager, building=populated.building.pk)
    page = at_home(browser, populated.resident)
    for path in ("/announcements/new/", f"/announcements/{made['id']}/change/"):
        answer = page.goto(address(populated.resident, path))
        assert answer is not None
        assert answer.status == 403
    assert populated.manager.get(f"{PATH}{made['id']}/")["title"] == made["title"]
