"""Portraits and voices: chosen, dropped, recorded, refused."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests import synth
from tests.browser.studio_page import StudioPage

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

NOTE_WHAT_IS_HEARD = """() => {
  window.heardFrom = [];
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () { window.heardFrom.push(this.currentTime); return play.call(this); };
}"""


def test_portraits_are_refused_or_questioned_in_words_beside_them(studio: StudioPage, tmp_path: Path) -> None:
    page = studio.page
    picker, feedback = page.locator("#portrait-file"), page.locator("#portrait-feedback")

    words = tmp_path / "notes.txt"
    words.write_text("not a picture")
    picker.set_input_files(words)
    expect(feedback).to_contain_text("“notes.txt” is not a picture.")

    lie = tmp_path / "liar.jpg"
    lie.write_text("#!/bin/sh\n" * 40)
    picker.set_input_files(lie)
    expect(feedback).to_contain_text("which we cannot use as")

    landscape = synth.write_image(tmp_path / "hills.jpg", synth.drawn_landscape())
    picker.set_input_files(landscape)
    expect(feedback).to_contain_text("could not find a face", timeout=30_000)
    expect(page.locator("#portrait-badge")).to_have_text("Needs another photo")
    expect(studio.render_button).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#render-estimate")).to_contain_text("choose another one")

    page.get_by_role("button", name="Kofi").click()
    studio.wait_for_portrait()
    expect(studio.render_button).to_have_attribute("aria-disabled", "false")


def test_several_faces_get_boxes_and_one_is_chosen_by_keyboard(studio: StudioPage, tmp_path: Path) -> None:
    page = studio.page
    group = synth.write_image(tmp_path / "group.jpg", synth.drawn_group(3))
    page.locator("#portrait-file").set_input_files(group)
    boxes = page.locator(".face-box")
    expect(boxes).to_have_count(3, timeout=30_000)
    expect(page.locator("#portrait-badge")).to_have_text("Choose a face")
    page.get_by_role("group", name="Which face should speak?").get_by_role("button", name="Middle").focus()
    page.keyboard.press("Enter")
    expect(page.locator('.face-box[aria-pressed="true"]')).to_have_count(1)
    studio.state("Whose face is this?", "Licensed, drawn or synthetic")
    studio.wait_for_portrait()


def test_whose_face_it_is_is_asked_once_beside_the_portrait(studio: StudioPage, tmp_path: Path) -> None:
    page = studio.page
    studio.wait_for_portrait()
    expect(page.locator(".consent")).to_have_count(0)  # our presenters are ours to state
    portrait = synth.write_image(tmp_path / "me.jpg", synth.drawn_portrait())
    page.locator("#portrait-file").set_input_files(portrait)
    expect(page.locator("#portrait-badge")).to_have_text("One question", timeout=30_000)
    expect(studio.render_button).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#render-estimate")).to_have_text("Say whose face this is.")
    page.get_by_role("group", name="Whose face is this?").get_by_role("button", name="It’s me").focus()
    page.keyboard.press("Enter")
    studio.wait_for_portrait()
    expect(studio.render_button).to_have_attribute("aria-disabled", "false")
    page.get_by_role("button", name="You said: It’s me. Change it").click()
    studio.state("Whose face is this?", "I have their written consent")
    expect(page.locator(".consent-said")).to_contain_text("I have their written consent")
    page.locator("#portrait-file").set_input_files(portrait)
    studio.wait_for_portrait()  # the same picture again: nothing is asked


def test_a_voice_is_recorded_listened_to_and_used(studio: StudioPage) -> None:
    page = studio.page
    page.get_by_role("tab", name="Record").click()
    page.get_by_role("button", name="Start recording").click()
    page.get_by_role("button", name="Stop recording").wait_for(timeout=8_000)
    page.wait_for_timeout(2_500)
    page.get_by_role("button", name="Stop recording").click()
    expect(page.get_by_label("Your take")).to_be_visible()
    page.get_by_role("button", name="Use this take").click()
    studio.state("Whose voice is this?", "My own voice")
    expect(page.locator("#voice-badge")).to_have_text("Ready", timeout=30_000)
    expect(page.locator(".wave canvas:visible")).to_have_count(1)
    studio.wait_for_portrait()
    expect(studio.render_button).to_have_attribute("aria-disabled", "false")
    page.get_by_role("tab", name="Type").click()
    expect(page.locator("#voice-badge")).to_be_hidden()


def test_a_script_can_be_listened_to_before_rendering(studio: StudioPage) -> None:
    page = studio.page
    studio.type_script("Good morning.")
    listen = page.locator("#listen")
    listen.click()
    expect(listen).to_have_text("Stop", timeout=20_000)
    expect(listen).to_have_text("Listen", timeout=20_000)


def test_what_is_typed_offline_is_kept_and_saved_later(studio: StudioPage) -> None:
    page = studio.page
    studio.wait_for_portrait()
    page.context.set_offline(True)
    page.get_by_label("What should the picture say?").fill("Typed in a tunnel.")
    expect(page.locator("#save-words")).to_contain_text("kept here")
    page.context.set_offline(False)
    expect(page.locator("#save-words")).to_have_text("Saved", timeout=20_000)
    page.reload()
    expect(page.get_by_label("What should the picture say?")).to_have_value("Typed in a tunnel.")

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(re.compile("/api/v1/projects/"), lose_the_answer, times=1)
    page.get_by_label("What should the picture say?").fill("Heard, but never answered.")
    expect(page.locator("#save-words")).to_contain_text("kept here")
    expect(page.locator("#save-words")).to_have_text("Saved", timeout=20_000)
    expect(page.get_by_role("dialog", name="Changed in two places")).to_have_count(0)


def test_a_dropped_sound_goes_on_after_a_broken_connection_and_a_reload(studio: StudioPage, tmp_path: Path) -> None:
    page = studio.page
    sound = synth.write_audio(tmp_path / "hello.wav", synth.speechlike(2.0))
    asked: list[tuple[str, str]] = []
    page.on(
        "request", lambda request: asked.append((request.method, request.url)) if "/uploads" in request.url else None
    )

    def drop() -> None:
        data = page.evaluate_handle(
            """bytes => { const transfer = new DataTransfer();
            const options = {type: 'audio/wav', lastModified: 1};
            transfer.items.add(new File([new Uint8Array(bytes)], 'hello.wav', options)); return transfer; }""",
            list(sound.read_bytes()),
        )
        page.dispatch_event("#stage", "drop", {"dataTransfer": data})
        expect(page.get_by_role("tab", name="Upload")).to_have_attribute("aria-selected", "true")

    page.route("**/api/v1/uploads/*", lambda route: route.abort("connectionreset"))
    drop()
    expect(page.get_by_text("it goes on by itself").first).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")
    page.reload()
    page.wait_for_selector("html[data-ready=true]")
    drop()
    studio.state("Whose voice is this?", "I have their written consent")
    expect(page.locator("#voice-badge")).to_have_text("Ready", timeout=30_000)
    places = {url for method, url in asked if method != "POST"}
    assert [method for method, _ in asked].count("POST") == len(places) == 1, (
        "the upload goes on, it does not begin anew"
    )
    assert asked[-1][0] == "PATCH"


def test_a_recording_is_trimmed_and_cleaned_and_can_be_had_back(studio: StudioPage, tmp_path: Path) -> None:
    page = studio.page
    page.get_by_role("tab", name="Upload").click()
    page.locator("#voice-file").set_input_files(synth.write_audio(tmp_path / "voice.wav", synth.speechlike(4.0)))
    studio.state("Whose voice is this?", "My own voice")
    start, end = page.get_by_label("Starts at (seconds)"), page.get_by_label("Ends at (seconds)")
    expect(end).to_have_value("4")
    start.fill("1")
    end.fill("3")
    end.press("Tab")
    expect(page.get_by_text("of 0:04 are heard")).to_be_visible()
    page.get_by_label("Clean up background noise").check()
    expect(page.locator("#save-words")).to_have_text("Saved")
    page.reload()
    page.wait_for_selector("html[data-ready=true]")
    expect(start).to_have_value("1")
    expect(page.get_by_label("Clean up background noise")).to_be_checked()
    start.fill("9")  # after its end: as late as half a second before it
    start.press("Tab")
    expect(start).to_have_value("2.5")
    end.fill("0")  # its own end
    end.press("Tab")
    expect(end).to_have_value("4")

    first = page.get_by_role("slider", name="Start of what is heard")
    first.press("PageDown")
    first.press("ArrowRight")
    expect(start).to_have_value("1.6")
    expect(first).to_have_attribute("aria-valuetext", "1.6 of 4 seconds")
    last = page.get_by_role("slider", name="End of what is heard")
    box, wave = last.bounding_box(), page.locator(".wave").bounding_box()
    grip = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.evaluate(NOTE_WHAT_IS_HEARD)
    page.mouse.move(*grip)
    page.mouse.down()
    page.mouse.move(grip[0] - wave["width"] / 4, grip[1], steps=3)
    expect(end).to_have_value("4")  # while it is dragged it is only shown
    page.mouse.up()
    expect(end).to_have_value("3")
    assert page.evaluate("window.heardFrom") == pytest.approx([1.6]), "what is left before the edge is heard"
    expect(page.locator(".file-card").get_by_role("button", name="Play", exact=True)).to_be_visible()  # and no more
    page.mouse.move(grip[0] - wave["width"] / 4, grip[1])
    page.mouse.down()
    page.mouse.move(0, grip[1], steps=3)
    page.mouse.up()
    expect(end).to_have_value("2.1")
