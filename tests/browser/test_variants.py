"""A set of variants in a real browser: 2 hooks × 2 caption styles × 2 shapes, compared on the wall."""

import pytest
from playwright.sync_api import expect

from tests.browser.studio_page import StudioPage
from tests.browser.test_accessibility import assert_accessible

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
SET_S = 200


def test_eight_variants_are_planned_made_and_compared(studio: StudioPage) -> None:
    page = studio.page
    studio.wait_for_portrait()
    studio.type_script("Hi. Bye.")
    page.get_by_role("link", name="Make several shapes, hooks or voices at once").click()
    page.wait_for_selector("html[data-ready=true]")
    make = page.locator("#make")
    expect(make).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_label("Hook 1")).to_have_value("Hi.")
    page.get_by_role("button", name="Add a hook").click()
    page.get_by_label("Hook 2").fill("Hey!")
    page.locator(".variants-chip", has_text="Word pop").click()
    page.locator(".variants-chip", has_text="1:1").click()
    expect(page.locator("#plan")).to_contain_text("8 videos")
    expect(page.locator("#plan")).to_contain_text("8 of the 10 free renders")
    make.click()
    wall = page.locator(".set")
    expect(wall.locator(".variant")).to_have_count(8)
    expect(wall.locator(".set-head")).to_contain_text("8 of 8 done", timeout=SET_S * 1000)
    expect(page.locator("#plan-problem")).to_contain_text("more than the 2 free renders")

    shapes = wall.locator("video").evaluate_all(
        """videos => Promise.all(videos.map(async video => {
            if (!video.videoWidth) await new Promise(done => video.addEventListener("loadedmetadata", done));
            return video.videoWidth === video.videoHeight;
        }))"""
    )
    assert (shapes.count(True), shapes.count(False)) == (4, 4)
    assert len(set(wall.locator(".variant-name").evaluate_all("names => names.map(name => name.value)"))) == 8

    wall.get_by_role("button", name="Pick “Hey!” · word pop · 1:1").click()
    wall.get_by_role("button", name="Only picks").click()
    expect(wall.locator(".variant:visible")).to_have_count(1)
    wall.get_by_role("button", name="Play together").click()
    expect(wall.get_by_role("button", name="Pause all")).to_be_visible()
    page.reload()
    expect(page.locator(".variant[data-favourite=true]")).to_have_count(1)
    assert_accessible(page, "variants")
