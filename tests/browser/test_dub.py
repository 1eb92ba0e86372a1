"""A whole dub in a real browser: a clip, new words, the render, and the wipe between before and after."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import synth
from tests.browser.conftest import DESKTOP, sign_up
from tests.browser.studio_page import StudioPage, wait_until
from tests.browser.test_accessibility import assert_accessible

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

NEW_WORDS = "Somebody else says this now."


@pytest.fixture
def dub(page: Page) -> Page:
    sign_up(page)
    page.get_by_role("link", name="back to your library").click()
    page.get_by_role("button", name="New video").click()
    page.get_by_role("button", name="Video dub").click()
    page.wait_for_selector("html[data-ready=true]")
    return page


def choose(page: Page, path: Path) -> None:
    page.get_by_label("Choose a video").set_input_files(str(path))


def test_a_clip_gets_new_words_and_is_compared_with_itself(dub: Page, tmp_path: Path) -> None:
    clip = synth.drawn_talking_clip(
        tmp_path / "my clip.mp4", 3.0, samples=synth.speechlike(3.0), width_px=384, height_px=480
    )
    expect(dub.locator("#render-estimate")).to_have_text("Choose a clip first.")
    choose(dub, clip.path)
    expect(dub.locator("#source-badge")).to_have_text("One question", timeout=60_000)
    StudioPage(dub).state("Who is in this video?", "Licensed, drawn or synthetic")
    expect(dub.locator("#source-badge")).to_have_text("Ready")
    dub.get_by_label("What should be said instead?").fill(NEW_WORDS)
    dub.get_by_label("When voice and clip differ in length").select_option("silence")
    expect(dub.locator("#save-words")).to_have_text("Saved")
    expect(dub.locator("#render")).to_have_attribute("aria-disabled", "false")
    dub.get_by_role("button", name="First words").click()
    expect(dub.locator(".wipe")).to_be_visible(timeout=150_000)
    expect(dub.locator("#stage-bar")).to_contain_text("Preview: first words 0:00–0:03")
    expect(dub.locator(".wipe-before")).to_have_js_property("readyState", 4)
    dub.get_by_role("button", name="Back to the clip").click()
    # what the first look estimated was measured meanwhile, and nothing else on the page has changed
    expect(dub.locator("#clip-look")).to_have_attribute("data-measured", "true", timeout=90_000)
    expect(dub.locator("#clip-look")).to_contain_text("Measured in every frame")
    dub.locator("#render").click()

    compare = dub.get_by_role("button", name="Compare")
    expect(compare).to_be_visible(timeout=150_000)
    result = dub.locator(".stage .player-frame > video")
    wait_until(dub, lambda: result.evaluate("video => video.readyState") >= 2)
    facts = result.evaluate("v => ({duration: v.duration, width: v.videoWidth, height: v.videoHeight})")
    assert (facts["width"], facts["height"]) == (384, 480), "a clip is never scaled up"
    assert facts["duration"] == pytest.approx(3.0, abs=0.1), "the whole clip is kept"

    compare.click()
    result.evaluate("v => { v.pause(); v.currentTime = 1.5 }")
    before = dub.locator(".wipe-before")
    wait_until(dub, lambda: abs(before.evaluate("v => v.currentTime") - 1.5) < 0.1)
    handle = dub.get_by_label("How much of the clip as it was is seen")
    handle.fill("20")
    assert dub.locator(".wipe").evaluate("e => getComputedStyle(e).getPropertyValue('--wipe')") == "20%"
    compare.click()
    expect(before).to_have_count(0)
    dub.get_by_text("How it went, measured").click()
    expect(dub.locator(".measured-rows")).to_contain_text("New lips, of the frames with new words")
    assert_accessible(dub, "a finished dub and how it went")
    dub.set_viewport_size(DESKTOP)

    with dub.expect_download() as started:
        dub.get_by_role("link", name="Download").click()
    started.value.save_as(tmp_path / "dub.mp4")
    assert (tmp_path / "dub.mp4").stat().st_size > 20_000

    dub.get_by_role("link", name="back to your library").click()
    expect(dub.locator(".project-card", has_text="Somebody else says").get_by_text("Ready")).to_be_visible()


def test_what_is_no_clip_is_refused_before_or_right_after_sending(dub: Page, tmp_path: Path) -> None:
    feedback = dub.locator("#source-feedback")
    picture = synth.write_image(tmp_path / "photo.png", synth.drawn_portrait(200, 240))
    choose(dub, picture)
    expect(feedback).to_contain_text("is not a video")
    landscape = synth.write_clip(tmp_path / "hills.mp4", [synth.drawn_landscape(320, 240)] * 25)
    choose(dub, landscape)
    expect(dub.locator("#source-badge")).to_have_text("Needs another clip", timeout=60_000)
    expect(feedback).to_contain_text("face")
    expect(dub.locator("#render")).to_have_attribute("aria-disabled", "true")


def test_a_single_line_is_said_anew_and_subtitles_become_lines(dub: Page, tmp_path: Path) -> None:
    clip = synth.drawn_talking_clip(
        tmp_path / "my clip.mp4", 3.0, samples=synth.speechlike(3.0), width_px=384, height_px=480
    )
    choose(dub, clip.path)
    expect(dub.locator("#source-badge")).to_have_text("One question", timeout=60_000)
    StudioPage(dub).state("Who is in this video?", "Licensed, drawn or synthetic")
    dub.get_by_role("tab", name="Lines").click()
    expect(dub.locator("#render-estimate")).to_have_text("Add a line that should be said anew.")
    dub.get_by_role("button", name="Add a line").click()
    line = dub.locator(".line")
    line.get_by_label("What is said").fill("Hello.")
    line.get_by_label("Ends at (s)", exact=False).first.fill("9")
    expect(line).to_contain_text("The clip ends at")
    line.get_by_label("Ends at (s)", exact=False).first.fill("1.5")
    expect(dub.locator("#render")).to_have_attribute("aria-disabled", "false")

    subtitles = tmp_path / "proof.srt"
    subtitles.write_text(
        "1\n00:00:00,200 --> 00:00:01,000\nGuten Morgen.\n\n2\n00:00:01,200 --> 00:00:02,000\nBis bald.\n"
    )
    dub.get_by_label("Choose subtitles").set_input_files(str(subtitles))
    expect(line).to_have_count(2)
    expect(line.first).to_contain_text("Guten Morgen.")
    dub.get_by_role("button", name="Undo", exact=True).click()
    expect(line).to_have_count(1)
    expect(line).to_contain_text("Hello.")
    expect(dub.locator("#save-words")).to_have_text("Saved")
