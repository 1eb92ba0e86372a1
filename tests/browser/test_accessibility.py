"""axe on every page, in light and dark, on a phone and on a desktop, with no rule switched off."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.studio_page import StudioPage

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1440, "height": 900}}
OPEN_PAGES = [
    "/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/",
    "/accounts/confirm-email/wrong/",
    "/nothing-here/",
    "/made-here/",
    "/report/",
    "/terms/",
    "/privacy/",
    "/acceptable-use/",
]
OWN_PAGES = [
    "/library/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/delete/",
    "/accounts/data/",
    "/accounts/brand/",
    "/credits/",
    "/credits/buy/",
    "/api/v1/docs",
]
# Colours that fade from one theme to the other have arrived; what turns for ever, or stands still, is not waited for.
FADED = """async () => {
  const arrived = async () => {
    await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
    const ends = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ends.map((one) => one.finished));
  };
  await Promise.race([arrived(), new Promise((next) => setTimeout(next, 2000))]);
}"""


def assert_accessible(page: Page, name: str) -> None:
    """No violations in either theme, at either size, and nothing wider than the screen."""
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        for size, viewport in SIZES.items():
            page.set_viewport_size(viewport)
            page.wait_for_timeout(100)
            page.evaluate(FADED)
            found = Axe().run(page).response["violations"]
            told = [(v["id"], [node["html"][:160] for node in v["nodes"][:4]]) for v in found]
            assert told == [], f"{name}, {theme}, {size}"
            spare_px = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert spare_px <= 0, f"{name} is {spare_px} px too wide on a {size}"


@pytest.mark.parametrize("address", OPEN_PAGES)
def test_pages_for_everybody(page: Page, address: str) -> None:
    page.goto(address)
    assert_accessible(page, address)


def test_pages_of_an_account(studio: StudioPage) -> None:
    page = studio.page
    for address in OWN_PAGES:
        page.goto(address)
        assert_accessible(page, address)


def test_the_studio_with_each_of_its_panels(studio: StudioPage) -> None:
    page = studio.page
    studio.wait_for_portrait()
    for more in ("#more-movement", "#more-look", "#timeline"):
        page.locator(f"{more} > summary").click()
    page.locator(".timeline-label").first.click(timeout=40_000)
    expect(page.get_by_role("button", name="Close the mouth")).to_be_visible()
    assert_accessible(page, "studio, typing, with the timeline")
    for tab in ("Upload", "Record", "Act", "Silent"):
        page.get_by_role("tab", name=tab).click()
        assert_accessible(page, f"studio, {tab}")
    page.set_viewport_size(SIZES["desktop"])
    page.get_by_role("button", name="This video").click()
    page.get_by_role("button", name="To the trash").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert_accessible(page, "studio, asking")


def test_a_finished_video_the_library_that_holds_it_and_a_film_of_it(studio: StudioPage) -> None:
    page = studio.page
    studio.order()
    studio.wait_for_video()
    assert_accessible(page, "studio, finished video")
    page.set_viewport_size(SIZES["desktop"])
    page.locator(".player").get_by_role("button", name="Play", exact=True).press("Enter")
    expect(page.locator(".player").get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_role("slider", name="Position in the video")).to_have_attribute(
        "aria-valuetext", re.compile("of")
    )
    page.goto("/library/")
    page.get_by_role("button", name="More for My first video").click()
    expect(page.get_by_role("button", name="Duplicate")).to_be_visible()
    assert_accessible(page, "library with a video and its menu")
    page.go_back()
    page.set_viewport_size(SIZES["desktop"])
    page.get_by_role("button", name="This video").click()
    page.get_by_role("button", name="Make a film with it").click()
    expect(page.get_by_role("button", name=re.compile("^Scene 1: My first video"))).to_be_visible()
    page.get_by_role("button", name="Add a scene").click()
    assert_accessible(page, "a film, choosing a scene")


def test_the_whole_studio_can_be_walked_through_by_keyboard(studio: StudioPage) -> None:
    page = studio.page
    studio.wait_for_portrait()
    page.locator("body").focus()
    reached: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        if reached[-1] == "render":
            break
    for needed in ("title", "portrait-file", "tab-script", "script", "language", "script-voice", "listen", "render"):
        assert needed in reached
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
