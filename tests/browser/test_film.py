"""A film of two scenes: put together on its page, watched while it is joined, and found again after a reload."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.studio_page import RENDER_S, StudioPage, wait_until
from tests.browser.test_accessibility import assert_accessible
from tests.browser.test_live import LIVE, at_s, first_picture, is_over

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]


def assert_a_scene_in_the_trash_keeps_the_format(page: Page, scene: str) -> None:
    """The export names the scene and leads there; with the scene, the chosen format is back."""
    page.locator("#export > summary").click()
    formats = page.locator("#export-preset")
    formats.select_option("prores")
    expect(page.locator("#export-order, #export-actions .notice").first).to_be_visible(timeout=20_000)
    page.evaluate(
        """async (scene) => {
          const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
          await fetch(`/api/v1/projects/${scene}/trash`, { method: "POST", headers: { "X-CSRFToken": token } });
        }""",
        scene,
    )
    page.reload()
    page.wait_for_selector("html[data-ready=true]")
    page.locator("#export > summary").click()
    expect(page.locator("#export-price")).to_contain_text("lies in the trash: restore it, or take it out")
    expect(formats).to_be_hidden()
    page.get_by_role("button", name="Go to scene 1").click()
    page.get_by_role("button", name="Restore it").click()
    expect(formats).to_have_value("prores", timeout=20_000)
    page.locator("#export > summary").click()


def test_two_scenes_become_a_film_that_plays_before_it_is_finished(studio: StudioPage) -> None:
    page = studio.page
    studio.wait_for_portrait()
    studio.type_script("Hello there.")
    wait_until(page, lambda: studio.save_state() == "Saved")
    source = page.evaluate("JSON.parse(document.querySelector('#studio-state').textContent).project")
    page.get_by_role("button", name="This video").click()
    page.get_by_role("button", name="Make a film with it").click()
    page.wait_for_selector("html[data-ready=true]")
    expect(page.locator("[data-scene-tile]")).to_have_count(1)
    expect(page.locator(".scene-note")).to_contain_text("Render makes this scene, free of charge")
    assert_a_scene_in_the_trash_keeps_the_format(page, source["id"])
    page.get_by_role("button", name="Add a scene").click()
    portrait = page.request.get(f"/api/v1/projects/{source['id']}").json()["portrait"]
    page.locator(".picker input[type=file]").set_input_files(
        {"name": "slide.jpg", "mimeType": "image/jpeg", "buffer": page.request.get(portrait["url"]).body()}
    )
    expect(page.locator("[data-scene-tile]")).to_have_count(2, timeout=30_000)
    consent = page.locator(".scene-body .consent-choice", has_text="synthetic")
    if not page.locator(".scene-body .consent-said").count():
        consent.click()
    page.get_by_role("radio", name="Crossfade").check()
    page.locator("#scene-end").fill("8")
    wait_until(page, lambda: studio.save_state() == "Saved")

    expect(studio.render_button).to_have_attribute("aria-disabled", "false")
    studio.render_button.click()
    page.wait_for_selector(LIVE, state="attached", timeout=RENDER_S * 1000)
    first_picture(page)
    page.locator(LIVE).evaluate("v => { v.muted = true; return v.play() }")
    wait_until(page, lambda: at_s(page) > 0.2, timeout_s=30)
    assert not is_over(page), "it has to play while the rest is joined"
    wait_until(page, lambda: page.get_by_role("link", name="Download").count() == 1, timeout_s=RENDER_S)
    page.reload()
    expect(page.locator("[data-scene-tile]")).to_have_count(2)
    expect(page.locator("#filmstrip .film-kind")).to_have_count(0)  # it is as the film is now
    assert_accessible(page, "a finished film")
