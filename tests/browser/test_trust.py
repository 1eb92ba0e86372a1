"""What visitors without an account do: ask where a video is from, and report one. With axe on every page they see."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import synth
from tests.browser.studio_page import StudioPage
from tests.browser.test_accessibility import assert_accessible

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def ask_about(page: Page, file: Path) -> None:
    page.goto("/made-here/")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator("[data-file-name]")).to_contain_text(file.name)
    page.get_by_role("button", name="Look for our marks").click()


def test_a_video_made_here_is_known_again_by_somebody_without_an_account(studio: StudioPage, tmp_path: Path) -> None:
    page = studio.page
    studio.order()
    studio.wait_for_video()
    with page.expect_download() as started:
        page.get_by_role("link", name="Download").first.click()
    video = tmp_path / "seen somewhere.mp4"
    started.value.save_as(video)
    page.context.clear_cookies()
    ask_about(page, video)
    expect(page.get_by_role("heading", name="Yes, this was made here")).to_be_visible(timeout=60_000)
    expect(page.locator(".facts")).to_contain_text("signed by us, unchanged")
    expect(page.locator(".facts")).to_contain_text("a talking photo")
    assert_accessible(page, "the answer yes")
    page.get_by_role("link", name="Report this video").click()
    assert len(page.locator("#id_render_id").input_value()) == 12


def test_other_files_show_no_trace_and_sounds_are_refused(page: Page, tmp_path: Path) -> None:
    ask_about(page, synth.write_image(tmp_path / "hills.jpg", synth.drawn_landscape()))
    expect(page.get_by_role("heading", name="No trace of us")).to_be_visible(timeout=60_000)
    assert_accessible(page, "the answer no")
    ask_about(page, synth.write_audio(tmp_path / "hello.wav", synth.speechlike(1.0)))
    expect(page.get_by_role("alert")).to_contain_text("which we cannot use as")
    assert_accessible(page, "a refused file")


def test_a_report_is_sent_and_can_be_followed(page: Page) -> None:
    page.goto("/report/")
    page.get_by_role("button", name="Send the report").click()
    expect(page.locator(".field-error").first).to_be_visible()
    assert_accessible(page, "an incomplete report")
    page.get_by_label("What is wrong?").select_option("likeness")
    page.get_by_label("Where is it?").fill("https://videos.example/watch?v=1")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Your e-mail address").fill("ada@example.com")
    page.get_by_label("What I say here is true").check()
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("heading", name="We have your report")).to_be_visible()
    expect(page.locator(".report-number")).to_contain_text("R-")
    assert_accessible(page, "a report's status")
