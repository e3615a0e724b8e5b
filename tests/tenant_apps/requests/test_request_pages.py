"""A request from the lift's first standstill to its end, by pages, on a phone and at a desk."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browsing import PHONE, keep_screenshot
from tests.tenant_api.populated_workspace import PopulatedWorkspace
from tests.tenant_apps.files import samples
from tests.tenant_apps.requests.test_requests import opened
from tests.tenant_apps.visiting import address, at_home

pytestmark = pytest.mark.browser


def test_a_request_lives_from_a_phone_to_the_desk_and_back(
    browser: Browser, populated: PopulatedWorkspace
) -> None:
    hers = at_home(browser, populated.resident, PHONE)
    hers.goto(address(populated.resident, "/requests/new/"))
    hers.click("main button[type=submit]")
    expect(hers.locator("[role=alert]")).to_be_focused()
    expect(hers.get_by_label("Title")).to_have_attribute("aria-invalid", "true")
    hers.get_by_label("Title").fill("The lift is stuck")
    hers.get_by_label("Description").fill("Between two floors.\n<script>no</script>")
    hers.get_by_label("Category").select_option("lift")
    keep_screenshot(hers, "request-new-360")
    hers.click("main button[type=submit]")
    hers.wait_for_url(re.compile(r"/requests/\d+/$"))
    path = "/" + hers.url.split("/", 3)[3]
    hers.get_by_label("File").set_input_files(
        {"name": "stuck.png", "mimeType": "image/png", "buffer": samples.PNG}
    )
    hers.get_by_role("button", name="Add the file").click()
    expect(hers.get_by_role("link", name="stuck.png")).to_be_visible()
    file = hers.get_by_role("link", name="stuck.png")
    assert file.evaluate("link => fetch(link.href).then(answer => answer.status)") == 200

    his = at_home(browser, populated.staff)
    his.goto(address(populated.staff, "/requests/"))
    his.goto(address(populated.staff, path))
    his.get_by_label("New status").select_option("in_progress")
    his.get_by_label("Note").fill("On our way.")
    his.get_by_role("button", name="Change the status").click()
    his.get_by_label("Looked after by").select_option(label="Maria")
    his.get_by_role("button", name="Assign").click()
    his.get_by_role("textbox", name="Comment").fill("Third time this month.")
    his.get_by_label("Only for those who look after the building").check()
    his.get_by_role("button", name="Comment").click()
    expect(his.get_by_text("Third time this month.")).to_be_visible()
    keep_screenshot(his, "request-1280")

    hers.goto(address(populated.resident, path))
    expect(hers.get_by_text("On our way.")).to_be_visible()
    expect(hers.get_by_text("Third time this month.")).to_have_count(0)
    keep_screenshot(hers, "request-360")
    hers.get_by_role("button", name="Change the status").click()
    expect(hers.get_by_text("Withdrawn").first).to_be_visible()
    hers.goto(address(populated.resident, "/requests/"))
    expect(hers.get_by_text("The lift is stuck")).to_have_count(0)
    hers.get_by_label("Status").select_option("withdrawn")
    hers.get_by_role("button", name="Show").click()
    expect(hers.get_by_role("link", name="The lift is stuck")).to_be_visible()
    keep_screenshot(hers, "requests-360")


def test_a_bad_file_is_told_beside_its_field(
    browser: Browser, populated: PopulatedWorkspace
) -> None:
    request = opened(populated)
    page = at_home(browser, populated.resident)
    page.goto(address(populated.resident, f"/requests/{request['id']}/"))
    page.get_by_label("File").set_input_files(
        {"name": "tool.pdf", "mimeType": "application/pdf", "buffer": b"MZ\x90\x00"}
    )
    page.get_by_role("button", name="Add the file").click()
    expect(page.locator(".errorlist")).to_contain_text("Send a PDF")


def test_neighbours_find_no_page_and_residents_no_assigning(
    browser: Browser, populated: PopulatedWorkspace
) -> None:
    request = opened(populated)
    theirs = at_home(browser, populated.neighbour)
    answer = theirs.goto(address(populated.neighbour, f"/requests/{request['id']}/"))
    assert answer is not None
    assert answer.status == 404
    hers = at_home(browser, populated.resident)
    hers.goto(address(populated.resident, f"/requests/{request['id']}/"))
    expect(hers.get_by_role("button", name="Assign")).to_have_count(0)
    form = hers.locator("form[action$='/comment/']")
    form.evaluate("form => { form.action = form.action.replace('comment', 'assign') }")
    with hers.expect_response(re.compile(r"/assign/$")) as refused:
        hers.get_by_role("button", name="Comment").click()
    assert refused.value.status == 403
