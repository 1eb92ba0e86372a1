"""The whole main job in a real browser, by a new user."""

import itertools
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import fill_in_sign_up
from tests.browser.studio_page import StudioPage, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]


# Long enough that a quick machine is still painting when the page is back after its reload.
LONG_ENOUGH = "Hello! A minute ago I was only a picture. Now I can talk about your work for as long as you like, " * 4


def only_moves_forward(values: list[float]) -> bool:
    return all(later >= earlier for earlier, later in itertools.pairwise(values))


def test_a_newcomer_makes_watches_and_downloads_a_video_and_a_reload_loses_nothing(page: Page, tmp_path: Path) -> None:
    fill_in_sign_up(page)
    studio = StudioPage(page)
    studio.order(LONG_ENOUGH)
    before = studio.follow(lambda seen: len(seen) >= 3)
    page.reload()
    page.wait_for_selector("html[data-ready=true]")
    expect(studio.bar).to_be_visible()
    after = studio.follow(lambda seen: False)
    assert len(after) >= 3, "the bar has to move while frames are painted"
    assert only_moves_forward(before)
    assert only_moves_forward(after)
    assert after[-1] > before[-1] > 0

    studio.wait_for_video()
    started_s = studio.on_video("video.muted = true; video.play().catch(() => {}); return video.currentTime")
    wait_until(page, lambda: studio.on_video("return video.currentTime") > started_s + 0.3)
    facts = studio.on_video("return {duration: video.duration, width: video.videoWidth, height: video.videoHeight}")
    assert 16 < facts["duration"] < 50
    assert min(facts["width"], facts["height"]) == 720

    studio.on_video("video.pause(); video.currentTime = 0.5")
    wait_until(page, lambda: not studio.on_video("return video.seeking"))
    assert abs(studio.on_video("return video.currentTime") - 0.5) < 0.1

    with page.expect_download() as started:
        page.get_by_role("link", name="Download").click()
    saved = tmp_path / "video.mp4"
    started.value.save_as(saved)
    assert started.value.suggested_filename == "My first video.mp4"
    assert saved.read_bytes()[4:8] == b"ftyp"
    assert saved.stat().st_size > 50_000

    page.get_by_role("link", name="back to your library").click()
    card = page.locator(".project-card")
    expect(card.get_by_text("Ready")).to_be_visible()
    expect(card.locator("img")).to_have_js_property("complete", True)
    card.locator("a").first.click()
    studio = StudioPage(page)
    studio.wait_for_video()

    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    expect(studio.video).to_have_count(0)
    expect(page.locator("#filmstrip li")).to_have_count(1)


def test_with_websockets_blocked_the_page_asks_instead_and_a_render_can_be_stopped(studio: StudioPage) -> None:
    page = studio.page
    page.add_init_script("window.WebSocket = class { constructor() { throw new Error('blocked'); } };")
    page.reload()
    page.wait_for_selector("html[data-ready=true]")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/v1/jobs/" in request.url else None)
    studio.order(LONG_ENOUGH)
    seen = studio.follow(lambda values: len(values) >= 3)
    assert only_moves_forward(seen)
    assert seen[-1] > 0
    assert len(asked) >= 3

    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#stage-bar")).to_contain_text("Stopped, as you asked.", timeout=20_000)
    expect(page.get_by_role("button", name="Start again")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("#filmstrip li")).to_have_count(1)
