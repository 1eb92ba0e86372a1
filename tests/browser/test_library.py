"""The library in a real browser: found, ticked, moved, thrown away and brought back."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.studio_page import StudioPage
from tests.browser.test_accessibility import assert_accessible

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def titles(page: Page) -> list[str]:
    return page.locator(".project-card-title").all_inner_texts()


def test_videos_are_found_put_into_a_folder_thrown_away_and_restored(studio: StudioPage) -> None:
    page = studio.page
    page.goto("/projects/new/")
    assert_accessible(page, "new video")
    page.get_by_role("button", name="Personal thank-you").click()
    page.wait_for_selector("html[data-ready=true]")
    page.goto("/library/")
    assert titles(page) == ["Personal thank-you", "My first video"]

    page.keyboard.press("/")
    page.keyboard.type("thank")
    expect(page.locator(".project-card")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=thank$"))
    page.keyboard.type(" nobody")
    expect(page.get_by_role("heading", name="Nothing like that here")).to_be_visible()
    page.get_by_role("link", name="Show everything").click()

    page.get_by_role("checkbox", name="Select My first video").press("Space")
    expect(page.locator("#bulk-count")).to_have_text("1 selected")
    page.get_by_role("button", name="Select all").click()
    assert_accessible(page, "library, two ticked")
    page.get_by_role("button", name="Move", exact=True).click()
    page.get_by_label("Folder", exact=True).fill("Clients")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Clients 2").click()
    expect(page.locator(".project-card")).to_have_count(2)

    page.get_by_role("checkbox", name="Select Personal thank-you").check(force=True)
    page.get_by_role("button", name="To the trash").click()
    expect(page.get_by_text("1 video moved to the trash, for 30 days.")).to_be_visible()
    assert titles(page) == ["My first video"]
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".project-card")).to_have_count(2)
    page.get_by_role("checkbox", name="Select Personal thank-you").check(force=True)
    page.get_by_role("button", name="To the trash").click()
    page.get_by_role("link", name="Trash 1").click()
    assert_accessible(page, "trash")
    page.get_by_role("button", name="More for Personal thank-you").click()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    page.goto("/library/")
    expect(page.locator(".project-card")).to_have_count(2)
