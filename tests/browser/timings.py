"""What a creator waits for, measured in a real browser against a running site.

    python -m tests.browser.timings [address of the site]      (default http://127.0.0.1:8000)

Prints page weights, layout shift and when pages can be used, each with an empty cache; then from the click to the first
picture of a render and to its end, for a new script and for one sentence changed; to one frame of a video that is not
rendered yet; and to three seconds of a dub. A new account is made for it and stays.
"""

import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, Response, expect, sync_playwright

from tests import synth
from tests.browser.conftest import DESKTOP, _browser_path, sign_up
from tests.browser.studio_page import StudioPage, wait_until
from tests.browser.test_live import LIVE, SENTENCES

SETTLED_MS = 1500
MEDIA = ("image/webp", "image/jpeg", "image/png", "video/", "audio/")
WATCH = """
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted += one.value;
  }).observe({type: 'layout-shift', buffered: true});
  new MutationObserver((_, self) => {
    if (document.documentElement.dataset.ready) { performance.mark('ready'); self.disconnect(); }
  }).observe(document, {attributes: true, subtree: true, attributeFilter: ['data-ready']});
"""
# Modules run before this event: what can be pressed answers from here on. The studio says itself when it is ready.
USABLE = """() => Math.round(performance.getEntriesByName('ready')[0]?.startTime
  ?? performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd)"""


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def weigh(browser: Browser, site: str, address: str, cookies: list) -> str:
    """One line about a page that is opened for the first time."""
    context = browser.new_context(base_url=site, viewport=DESKTOP)
    context.add_cookies(cookies)
    page = context.new_page()
    page.add_init_script(WATCH)
    sizes: list[tuple[bool, int]] = []

    def count(response: Response) -> None:
        sent = response.request.sizes()
        is_media = response.headers.get("content-type", "").startswith(MEDIA)
        sizes.append((is_media, sent["responseBodySize"] + sent["responseHeadersSize"]))

    page.on("requestfinished", lambda request: count(request.response()) if request.response() else None)
    page.goto(address, wait_until="load")
    page.wait_for_timeout(SETTLED_MS)
    usable_ms, shift = page.evaluate(USABLE), page.evaluate("shifted")
    context.close()
    plain, media = (sum(size for is_media, size in sizes if is_media == wanted) / 1024 for wanted in (False, True))
    return f"{plain:5.0f} KB + {media:4.0f} KB media   usable after {usable_ms:5d} ms   layout shift {shift:.3f}"


def render(studio: StudioPage, text: str) -> tuple[float, float]:
    """Seconds from the click on Render to the first picture that plays, and to the finished file."""
    page = studio.page
    studio.type_script(text)
    expect(studio.render_button).to_have_attribute("aria-disabled", "false")
    before = page.locator(".film").count()
    studio.render_button.click()
    clicked_at = time.monotonic()
    wait_until(page, lambda: page.locator(".film").count() > before, timeout_s=60)
    page.wait_for_selector(LIVE, state="attached", timeout=120_000)
    wait_until(page, lambda: page.locator(LIVE).evaluate("v => v.readyState >= 2"), timeout_s=60)
    first_s = time.monotonic() - clicked_at
    expect(page.get_by_role("link", name="Download", exact=True)).to_be_visible(timeout=240_000)
    return first_s, time.monotonic() - clicked_at


def frames_of_a_photo(page: Page) -> tuple[float, list[float]]:
    """Seconds from the click to the first frame of a video that is not rendered, and from moving on to each other."""
    page.locator('.film[data-view="portrait"]').click()
    frame, slider = page.get_by_alt_text("Preview of one frame"), page.get_by_label("Moment of the video")
    before, waits, shown_is = "", [], "frame => frame.src"
    for at_s in (None, 0.4, 1.2, 2.0):
        started_at = time.monotonic()
        if at_s is None:
            page.get_by_role("button", name="See a frame").click()
        else:
            slider.fill(str(at_s))
        frame.wait_for(timeout=60_000)
        wait_until(page, lambda old=before: frame.evaluate(shown_is) != old, timeout_s=60)
        waits.append(time.monotonic() - started_at)
        before = frame.evaluate(shown_is)
    return waits[0], waits[1:]


def preview_of_a_dub(page: Page, folder: Path) -> float:
    """Seconds from the click to three seconds of a dub, before and beside the clip."""
    words = synth.speechlike(6.0)
    clip = synth.drawn_talking_clip(folder / "clip.mp4", 6.0, samples=words, width_px=384, height_px=480)
    page.goto("/projects/new/")
    page.get_by_role("button", name="Video dub").click()
    page.wait_for_selector("html[data-ready=true]")
    page.get_by_label("Choose a video").set_input_files(str(clip.path))
    StudioPage(page).state("Who is in this video?", "Licensed, drawn or synthetic")
    page.get_by_label("What should be said instead?").fill(SENTENCES[0])
    expect(page.locator("#save-words")).to_have_text("Saved")
    button = page.get_by_role("button", name="First words")
    expect(button).to_have_attribute("aria-disabled", "false", timeout=60_000)
    button.click()
    clicked_at = time.monotonic()
    expect(page.locator(".stage .wipe-before")).to_be_visible(timeout=120_000)
    return time.monotonic() - clicked_at


def measure(browser: Browser, site: str, folder: Path) -> None:
    say("a page for the first time, with an empty cache:")
    for name, address in (("landing", "/"), ("sign-up", "/accounts/signup/")):
        say(f"  {name:9s} {weigh(browser, site, address, [])}")
    context = browser.new_context(base_url=site, viewport=DESKTOP)
    context.set_default_timeout(60_000)
    page = context.new_page()
    started_at = time.monotonic()
    sign_up(page)
    studio = StudioPage(page)
    studio.wait_for_portrait()
    ready_s = time.monotonic() - started_at
    address, cookies = page.url, context.cookies()
    own = {"studio": address, "library": "/library/", "new": "/projects/new/", "variants": f"{address}variants/"}
    for name, where in own.items():
        say(f"  {name:9s} {weigh(browser, site, where, cookies)}")
    say(f"from opening sign-up to a studio that can render: {ready_s:.1f} s")
    renders = {
        "first render of an account": SENTENCES[1],
        "new script": " ".join(SENTENCES),
        "one sentence changed": " ".join((SENTENCES[0], "But this one is new.", *SENTENCES[2:])),
    }
    for name, text in renders.items():
        first_s, all_s = render(studio, text)
        say(f"{name}: first picture {first_s:.2f} s after the click, finished after {all_s:.1f} s")
    first_s, others_s = frames_of_a_photo(page)
    moved = ", ".join(f"{wait_s:.2f}" for wait_s in others_s)
    say(f"one frame of a video that is not rendered: {first_s:.2f} s after the click; other moments {moved} s")
    say(f"three seconds of a dub: {preview_of_a_dub(page, folder):.1f} s after the click")
    context.close()


def main() -> None:
    site = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=_browser_path(), args=options)
        measure(browser, site.rstrip("/"), Path(folder))
        browser.close()


if __name__ == "__main__":
    main()
