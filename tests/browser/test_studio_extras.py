"""What comes with a video: captions with the times of the words, another picture; and photos moved without a voice."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.studio_page import StudioPage
from tests.browser.test_accessibility import assert_accessible

CUE = re.compile(r"(\d\d):(\d\d):(\d\d),(\d{3}) --> (\d\d):(\d\d):(\d\d),(\d{3})")
WORDS = [["Hello", 0.2, 0.6], ["there", 0.6, 1.0], ["my", 2.4, 2.6], ["friend", 2.6, 2.7]]


def captions_module(page: Page) -> str:
    loaded = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    return next(name for name in loaded if "captions" in name and name.endswith(".js"))


def test_captions_break_at_pauses_keep_punctuation_and_fit_on_two_lines(studio: StudioPage, page: Page) -> None:
    module = captions_module(page)
    run = "([module, words, text]) => import(module).then(m => m.toSrt(m.cuesOf(words, text)))"
    srt = page.evaluate(run, [module, WORDS, "“Hello there, my friend!”"])
    assert srt == ("1\n00:00:00,200 --> 00:00:01,000\n“Hello there,\n\n2\n00:00:02,400 --> 00:00:03,200\nmy friend!”\n")
    many = [[f"word{number}", number * 0.3, number * 0.3 + 0.28] for number in range(60)]
    text = " ".join(word for word, _, _ in many)
    cues = page.evaluate(
        "([module, words, text]) => import(module).then(m => m.cuesOf(words, text))", [module, many, text]
    )
    assert all(len(line) <= 42 for cue in cues for line in cue["text"].split("\n"))
    assert all(len(cue["text"].split("\n")) <= 2 and cue["end_s"] - cue["start_s"] <= 6 for cue in cues)
    assert " ".join(cue["text"].replace("\n", " ") for cue in cues) == text
    vtt = "([module, words]) => import(module).then(m => m.toVtt(m.cuesOf(words, '')))"
    assert "&lt;b>" in page.evaluate(vtt, [module, [["<b>", 0, 1]]])


def test_a_finished_video_gives_captions_and_a_thumbnail(studio: StudioPage, page: Page) -> None:
    studio.order("Good morning, my friend. Bye!")
    studio.wait_for_video()
    with page.expect_download() as taken:
        page.get_by_label("Download captions").select_option("srt")
    srt = Path(taken.value.path()).read_text(encoding="utf-8")
    assert "Good morning, my friend." in srt and "Bye!" in srt
    times = [[int(part) for part in match] for match in CUE.findall(srt)]
    starts = [hours * 3600 + minutes * 60 + seconds + ms / 1000 for hours, minutes, seconds, ms, *_ in times]
    assert starts == sorted(starts) and len(starts) == 2 and 0 <= starts[0] < 0.6
    page.get_by_role("button", name="Thumbnail").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Headline").fill("Good morning!")
    dialog.get_by_label("Shape").select_option("9:16")
    expect(dialog.get_by_role("radio", name="The moment at")).not_to_have_count(0, timeout=30_000)
    assert page.locator(".thumbs-sketch").evaluate("canvas => canvas.width / canvas.height") < 0.6
    assert_accessible(page, "making a thumbnail")
    dialog.get_by_role("button", name="Make thumbnail").click()
    expect(dialog.get_by_text("In the library")).to_be_visible(timeout=30_000)
    with page.expect_download() as taken:
        dialog.get_by_role("link", name="Download the thumbnail").click()
    assert taken.value.suggested_filename.endswith(".jpg")
    dialog.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="1 week").click()
    link = page.get_by_label("The link")
    expect(link).to_have_value(re.compile("/v/"))
    assert_accessible(page, "sharing")
    page.goto(link.input_value())
    expect(page.get_by_text("AI-generated", exact=True)).to_be_visible()
    assert_accessible(page, "a shared video")


def test_a_silent_loop_is_rendered_without_a_word(studio: StudioPage, page: Page) -> None:
    studio.wait_for_portrait()
    page.get_by_role("tab", name="Silent").click()
    page.get_by_label("Length").fill("2")
    expect(page.locator("#render-estimate")).to_contain_text("0:02 of video")
    expect(page.locator("#save-words")).to_have_text("Saved")
    studio.render_button.click()
    studio.wait_for_video()
    expect(page.get_by_label("Download captions")).to_have_count(0)


def test_a_webcam_without_a_face_is_refused_in_words_and_costs_nothing(studio: StudioPage, page: Page) -> None:
    studio.wait_for_portrait()
    page.get_by_role("tab", name="Act").click()
    expect(page.locator("#render-estimate")).to_contain_text("Choose a video")
    page.get_by_role("button", name="Act it out").click()
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("button", name="Stop", exact=True).click(timeout=10_000, delay=1500)
    expect(page.locator("#clip-slot .notice-bad")).to_be_visible(timeout=40_000)
    expect(page.locator("#voice-badge")).to_have_text("Needs another video")
    expect(studio.render_button).to_have_attribute("aria-disabled", "true")
