"""Captions are edited where they are seen: words, times, parts; kept, taken back, and fitted to another speed."""

from playwright.sync_api import Page, expect

from tests.browser.studio_page import StudioPage
from tests.browser.test_accessibility import assert_accessible


def test_captions_are_edited_kept_and_follow_another_speed(studio: StudioPage, page: Page) -> None:
    studio.wait_for_portrait()
    studio.type_script("Good morning, my friend. Have a very nice day!")
    page.get_by_label("Captions", exact=True).select_option("karaoke")
    expect(page.locator(".caption-preview")).to_contain_text("Good morning")
    page.get_by_role("button", name="Edit captions").click()
    rows = page.locator(".caption-row")
    expect(rows).to_have_count(2, timeout=60_000)
    first = page.get_by_label("Caption 1, text")
    first.fill("Good evening, my friend.")
    first.press("Enter")
    expect(page.locator("#caption-state")).to_have_text("Changed by you")
    expect(page.locator(".caption-preview")).to_contain_text("evening")
    end = page.get_by_label("Caption 2 ends, in seconds")
    before = float(end.input_value())
    page.locator(".caption-block").nth(1).focus()
    page.keyboard.press("Shift+ArrowLeft")
    assert abs(float(end.input_value()) - (before - 0.05)) < 0.006
    page.get_by_role("button", name="Split: caption 2").click()
    expect(rows).to_have_count(3)
    page.locator("#undo").click()
    expect(rows).to_have_count(2)
    assert_accessible(page, "editing captions")

    edge = page.locator(".caption-edge-end").first.bounding_box()
    middle = (edge["x"] + edge["width"] / 2, edge["y"] + edge["height"] / 2)
    start = float(page.get_by_label("Caption 1 ends, in seconds").input_value())
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - 30, middle[1], steps=3)
    page.mouse.up()
    assert float(page.get_by_label("Caption 1 ends, in seconds").input_value()) < start - 0.1

    expect(page.locator("#save-words")).to_have_text("Saved")
    page.reload()
    expect(page.locator("html[data-ready=true]")).to_be_attached()
    page.locator("#caption-editor summary").click()
    expect(page.get_by_label("Caption 1, text")).to_have_value("Good evening, my friend.", timeout=30_000)
    page.locator("#script-rate").fill("0.7")
    expect(page.get_by_text("The voice speaks differently now.")).to_be_visible(timeout=60_000)
    expect(page.get_by_label("Caption 1, text")).to_have_value("Good evening, my friend.")
    assert float(page.get_by_label("Caption 2 ends, in seconds").input_value()) > before
