"""A vote by pages: called at a desk, answered on a phone, counted for all."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from tests.browsing import PHONE, keep_screenshot
from tests.tenant_api.populated_workspace import PopulatedWorkspace
from tests.tenant_apps.visiting import address, at_home
from tests.tenant_apps.votes.test_votes import called, ended

pytestmark = pytest.mark.browser


def test_a_vote_is_called_answered_on_a_phone_and_counted(
    browser: Browser, populated: PopulatedWorkspace
) -> None:
    assert populated.apartments
    his = at_home(browser, populated.manager)
    his.goto(address(populated.manager, "/votes/new/"))
    his.get_by_label("Question").fill("Shall we have the façade painted?")
    his.get_by_label("Answers").fill("Yes\n\n No \n")
    his.get_by_label("Building").select_option(label=populated.building.name)
    closes = timezone.now() + timedelta(days=3)
    his.get_by_label("Closes").fill(closes.strftime("%Y-%m-%dT%H:%M"))
    his.click("main button[type=submit]")
    his.wait_for_url(re.compile(r"/votes/\d+/$"))
    path = "/" + his.url.split("/", 3)[3]

    hers = at_home(browser, populated.resident, PHONE)
    hers.goto(address(populated.resident, "/votes/"))
    hers.get_by_role("link", name="Shall we have the façade painted?").click()
    hers.get_by_role("radio", name="Yes").check()
    keep_screenshot(hers, "vote-360")
    hers.get_by_role("button", name="Vote", exact=True).click()
    expect(hers.get_by_role("status")).to_contain_text("Your ballot is counted")
    hers.get_by_role("radio", name="No").check()
    hers.get_by_role("button", name="Change the ballot").click()
    expect(hers.get_by_text("How it stands")).to_have_count(0)

    his.goto(address(populated.manager, path))
    his.get_by_label("Apartment").select_option(label="A2")
    his.get_by_role("combobox", name="Answer").select_option(label="Yes")
    his.get_by_role("button", name="Count it").click()
    expect(his.get_by_role("row", name=re.compile(r"^No 57.14% .*1 400$"))).to_be_visible()
    keep_screenshot(his, "vote-1280")
    his.get_by_role("button", name="Close the vote now, for good").click()
    expect(his.get_by_role("heading", name="Results")).to_be_visible()

    hers.goto(address(populated.resident, path))
    expect(hers.get_by_role("row", name=re.compile(r"^No Decided .*1 400$"))).to_be_visible()
    keep_screenshot(hers, "vote-results-360")


def test_a_ballot_that_comes_too_late_is_told_on_its_page(
    browser: Browser, populated: PopulatedWorkspace
) -> None:
    vote = called(populated)
    page = at_home(browser, populated.resident)
    page.goto(address(populated.resident, f"/votes/{vote['id']}/"))
    page.get_by_role("radio", name="Yes").check()
    ended(populated, vote)
    page.get_by_role("button", name="Vote", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("This vote is not running.")


def test_a_vote_that_makes_no_sense_is_told_beside_its_fields(
    browser: Browser, populated: PopulatedWorkspace
) -> None:
    assert populated.building.pk
    page = at_home(browser, populated.manager)
    page.goto(address(populated.manager, "/votes/new/"))
    page.get_by_label("Question").fill("What?")
    page.get_by_label("Answers").fill("Only one")
    page.get_by_label("Building").select_option(index=1)
    page.get_by_label("Closes").fill("2030-01-01T10:00")
    page.click("main button[type=submit]")
    expect(page.get_by_text("Give 2 to 20 answers.")).to_be_visible()
