"""Music under what is said and something else behind the person, as a creator adds them."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests import synth
from tests.browser.studio_page import StudioPage
from tests.browser.test_accessibility import assert_accessible


def test_music_and_a_background_are_added_asked_about_rendered_and_taken_back(
    studio: StudioPage, page: Page, tmp_path: Path
) -> None:
    tune = synth.write_audio(tmp_path / "tune.wav", synth.tone(2.0, 330.0, 44_100), 44_100)
    studio.wait_for_portrait()
    studio.type_script()
    page.locator("#more-music summary").click()
    page.get_by_label("Choose a piece of music").set_input_files(tune)
    expect(page.locator("#render-estimate")).to_contain_text("you may use this music", timeout=30_000)
    page.get_by_role("group", name="May you use this music?").get_by_role("button", name="I made it").click()
    expect(page.locator("#music-facts")).to_have_text("35 % as loud as the voice")

    page.locator("#more-look summary").click()
    page.get_by_role("radio", name="Picture", exact=True).check()
    expect(page.locator("#render-estimate")).to_contain_text("Choose a picture for the background")
    page.get_by_role("radio", name="Colour", exact=True).check()
    page.locator("#background_rgb").fill("#285a78")
    assert_accessible(page, "a studio with music and a background")
    expect(page.locator("#save-words")).to_have_text("Saved")
    studio.render_button.click()
    studio.wait_for_video()

    page.get_by_role("button", name="Remove this music").click()
    expect(page.locator("#music-facts")).to_have_text("none")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#music-slot")).to_contain_text("tune.wav")
