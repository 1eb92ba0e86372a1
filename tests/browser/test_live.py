"""The video plays while it is made, goes on playing as the finished file, and a reload joins in again."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.studio_page import RENDER_S, StudioPage, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

SENTENCES = (
    "Hello, and welcome to my channel, where pictures learn to speak.",
    "Today I want to tell you about something that I have been working on for a very long time.",
    "It began with a small idea, and it grew until there was no more room for it in my head.",
    "So I wrote it down, I read it aloud, and here it is, spoken by somebody who never was.",
)
SCRIPT = " ".join(SENTENCES)
SHORT_SENTENCES = ("Hello, my friend.", "Here is a picture.", "It learned to speak.", "That is all for now.")
LIVE = "[data-live] video"
FIRST_PICTURE_MAX_S = 12  # far above what a quiet machine needs, which `bench` prints: tests share theirs


def order(studio: StudioPage, text: str) -> float:
    """Press Render; returns when that was."""
    studio.wait_for_portrait()
    studio.type_script(text)
    expect(studio.render_button).to_have_attribute("aria-disabled", "false")
    studio.render_button.click()
    return time.monotonic()


def first_picture(page: Page) -> None:
    page.wait_for_selector(LIVE, state="attached", timeout=60_000)
    wait_until(page, lambda: page.locator(LIVE).evaluate("v => v.readyState >= 2"), timeout_s=30)


def is_over(page: Page) -> bool:
    return page.locator(".rendering").count() == 0


def at_s(page: Page) -> float:
    return page.locator(".stage video").evaluate("v => v.currentTime")


def test_the_video_plays_before_it_is_finished_and_the_file_takes_over_where_it_is(studio: StudioPage) -> None:
    page = studio.page
    clicked_at = order(studio, SCRIPT)
    first_picture(page)
    waited_s = time.monotonic() - clicked_at
    print(f"first picture {waited_s:.2f} s after the click")  # noqa: T201
    assert waited_s < FIRST_PICTURE_MAX_S
    live = page.locator(LIVE)
    live.evaluate("v => { v.muted = true; return v.play() }")
    wait_until(page, lambda: at_s(page) > 0.25, timeout_s=30)
    assert not is_over(page), "it has to play while the rest is painted"
    assert live.evaluate("v => v.videoWidth") == 720
    assert live.evaluate("v => v.duration") > 10, "players know the whole length from the start"
    assert live.evaluate("v => v.src").startswith("blob:")

    wait_until(page, lambda: is_over(page), timeout_s=RENDER_S)
    before_s = at_s(page)
    is_file = "v => !v.src.startsWith('blob:') && v.readyState >= 2"
    wait_until(page, lambda: page.locator(".stage video").evaluate(is_file), timeout_s=20)
    after = page.locator(".stage video").evaluate("v => ({at: v.currentTime, paused: v.paused, ended: v.ended})")
    assert after["at"] >= before_s - 0.2
    assert not after["paused"] or after["ended"], "whoever was watching goes on watching"
    expect(page.get_by_role("link", name="Download")).to_be_visible()


def test_one_changed_sentence_is_rendered_alone(studio: StudioPage) -> None:
    page = studio.page
    order(studio, " ".join(SHORT_SENTENCES))
    wait_until(page, lambda: page.get_by_role("link", name="Download").count() == 1, timeout_s=RENDER_S)
    changed = [*SHORT_SENTENCES[:1], "Here is another one.", *SHORT_SENTENCES[2:]]
    order(studio, " ".join(changed))
    page.wait_for_selector(".rendering", timeout=20_000)
    wait_until(page, lambda: is_over(page), timeout_s=RENDER_S)
    render_id = page.locator("[data-result]").get_attribute("data-result")
    result = page.request.get(f"/api/v1/jobs/{render_id}").json()["result"]
    assert (result["segments"], result["segments_kept"]) == (4, 3)


@pytest.mark.parametrize("missing", ["MediaSource", "the pieces"])
def test_without_live_video_there_are_progress_and_the_file(studio: StudioPage, missing: str) -> None:
    page = studio.page
    if missing == "MediaSource":
        page.add_init_script("delete window.MediaSource; delete window.ManagedMediaSource;")
    else:
        page.route("**/live/**", lambda route: route.fulfill(status=404))
    page.reload()
    page.wait_for_selector("html[data-ready=true]")
    order(studio, SENTENCES[0])
    expect(studio.bar).to_be_visible()
    wait_until(page, lambda: is_over(page), timeout_s=RENDER_S)
    expect(studio.video).to_be_visible()
    assert page.locator("[data-live]").count() == 0


def test_the_video_goes_on_when_the_websocket_breaks_and_a_reload_joins_in(
    studio: StudioPage,
) -> None:
    page = studio.page
    page.add_init_script(
        "const Real = WebSocket; window.sockets = [];"
        "window.WebSocket = class extends Real { constructor(...a) { super(...a); window.sockets.push(this); } };"
    )
    page.reload()
    page.wait_for_selector("html[data-ready=true]")
    order(studio, SCRIPT + " " + SCRIPT)
    first_picture(page)
    before_s = page.locator(LIVE).evaluate("v => v.buffered.end(0)")
    page.evaluate("window.sockets.forEach((socket) => socket.close())")
    wait_until(
        page,
        lambda: is_over(page) or page.locator(LIVE).evaluate("v => v.buffered.end(0)") > before_s + 1,
        timeout_s=40,
    )
    assert not is_over(page)
    assert page.evaluate("window.sockets.length") >= 2

    page.reload()
    page.wait_for_selector("html[data-ready=true]")
    first_picture(page)
    assert not is_over(page)
    assert page.locator(LIVE).evaluate("v => v.buffered.start(0)") < 0.1
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_role("button", name="Start again")).to_be_visible(timeout=30_000)
