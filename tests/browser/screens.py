"""The main pages as they look on a phone, a tablet and a desktop, in light and dark: the pictures in docs/screens.

    python -m tests.browser.screens [address of the site] [folder]      (default http://127.0.0.1:8000 docs/screens)

Everybody on them is drawn by our own code. A new account is made for it and stays.
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import DESKTOP, _browser_path, sign_up
from tests.browser.studio_page import RENDER_S, StudioPage
from tests.browser.timings import say

SIZES = {"desktop": (1440, 900), "tablet": (820, 1180), "phone": (390, 844)}
SHOWN_PX = {"desktop": 720, "tablet": 314, "phone": 208}  # widths at which all three are equally tall, but for a little
GAP_PX = 12
SETTLED_MS = 1800
PRESENTERS = {"Kofi": "Hello, and welcome to my channel.", "Amara": "Three things that nobody tells you about sleep."}


def rendered(page: Page) -> None:
    expect(page.get_by_role("link", name="Download", exact=True)).to_be_visible(timeout=2 * RENDER_S * 1000)


def film(page: Page, presenter: str, words: str) -> None:
    page.goto("/projects/new/")
    page.locator("main").get_by_role("button", name=presenter, exact=True).click()
    page.wait_for_selector("html[data-ready=true]")
    studio = StudioPage(page)
    studio.type_script(words)
    page.get_by_role("radio", name="9:16").check(force=True)
    page.locator("#captions").select_option("karaoke")
    expect(page.locator("#save-words")).to_have_text("Saved")
    expect(studio.render_button).to_have_attribute("aria-disabled", "false", timeout=40_000)
    studio.render_button.click()
    rendered(page)


def dub(page: Page, clip: Path) -> str:
    page.goto("/projects/new/")
    page.get_by_role("button", name="Video dub").click()
    page.wait_for_selector("html[data-ready=true]")
    page.get_by_label("Choose a video").set_input_files(str(clip))
    StudioPage(page).state("Who is in this video?", "Licensed, drawn or synthetic")
    page.get_by_label("What should be said instead?").fill("Welcome back to my channel.")
    expect(page.locator("#save-words")).to_have_text("Saved")
    expect(page.locator("#render")).to_have_attribute("aria-disabled", "false", timeout=60_000)
    page.locator("#render").click()
    rendered(page)
    return page.url


def shared(page: Page) -> str:
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="1 month").click()
    page.wait_for_selector("dialog .share-link")
    return page.get_by_label("The link").input_value()


def film_of_both(page: Page, first: str, second: str) -> str:
    """A film that begins with the video on the page, and goes on with another."""
    page.goto(first)
    page.wait_for_selector("html[data-ready=true]")
    page.get_by_role("button", name="This video").click()
    page.get_by_role("button", name="Make a film with it").click()
    page.wait_for_selector("#add-scene")
    page.wait_for_selector("html[data-ready=true]")
    page.locator("#add-scene").click()
    page.locator(".picker-tile", has_text=second[:12]).click()
    page.locator(".join").first.click()
    expect(page.locator("#save-words")).to_have_text("Saved")
    return page.url


def confirm_address(page: Page) -> None:
    """The letter lies in the mailbox page of a site without a mail server; no bar asks for it then."""
    project = page.url
    page.goto("/accounts/mailbox/")
    page.locator("main a[href*='confirm-email']").first.click()
    page.locator("main form button[type=submit]").first.click()
    page.goto(project)
    page.wait_for_selector("html[data-ready=true]")


def make_everything(page: Page, folder: Path) -> dict[str, str]:
    """Addresses by name, once there is something to be seen on each."""
    sign_up(page)
    confirm_address(page)
    studio = StudioPage(page)
    studio.wait_for_portrait()
    studio.render_button.click()
    rendered(page)
    found = {"landing": "/", "studio": page.url, "variants": f"{page.url}variants/"}
    for presenter, words in PRESENTERS.items():
        film(page, presenter, words)
    found["share"] = shared(page)
    page.keyboard.press("Escape")
    with page.expect_download() as taken:
        page.get_by_role("link", name="Download", exact=True).click()
    taken.value.save_as(folder / "amara.mp4")
    amara = page.url
    found["dub"] = dub(page, folder / "amara.mp4")
    found["film"] = film_of_both(page, amara, PRESENTERS["Kofi"])
    return found | {"library": "/library/", "new": "/projects/new/"}


def view(browser: Browser, address: str, state: object, size: str, theme: str) -> Image.Image:
    wide, high = SIZES[size]
    context = browser.new_context(
        viewport={"width": wide, "height": high}, color_scheme=theme, storage_state=state, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(address)
    if page.locator("#studio").count():
        page.wait_for_selector("html[data-ready=true]")
    page.wait_for_timeout(SETTLED_MS)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    context.close()
    return shot


def sheet(shots: dict[tuple[str, str], Image.Image]) -> Image.Image:
    """Light above, dark below; desktop, tablet and phone side by side."""
    rows = []
    for theme in ("light", "dark"):
        row = [shots[size, theme] for size in SIZES]
        rows.append(
            [
                one.resize((px, round(one.height * px / one.width)), Image.Resampling.LANCZOS)
                for one, px in zip(row, SHOWN_PX.values(), strict=True)
            ]
        )
    high = max(one.height for one in rows[0])
    whole = Image.new("RGB", (sum(SHOWN_PX.values()) + 2 * GAP_PX, 2 * high + GAP_PX), (122, 118, 128))
    for down, row in enumerate(rows):
        left = 0
        for one in row:
            whole.paste(one, (left, down * (high + GAP_PX)))
            left += one.width + GAP_PX
    return whole


def main() -> None:
    site = (sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000").rstrip("/")
    out = Path(sys.argv[2] if len(sys.argv) > 2 else "docs/screens")
    options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=_browser_path(), args=options)
        context = browser.new_context(base_url=site, viewport=DESKTOP, accept_downloads=True)
        context.set_default_timeout(60_000)
        addresses = make_everything(context.new_page(), Path(folder))
        for name, address in addresses.items():
            state = None if name in ("landing", "share") else context.storage_state()
            whole = address if address.startswith("http") else f"{site}{address}"
            shots = {
                (size, theme): view(browser, whole, state, size, theme) for size in SIZES for theme in ("light", "dark")
            }
            sheet(shots).save(out / f"views-{name}.webp", quality=72, method=6)
            if name == "studio":
                shots["desktop", "light"].resize((1080, 675), Image.Resampling.LANCZOS).save(
                    out / "studio.webp", quality=80, method=6
                )
            say(f"{out / f'views-{name}.webp'}")
        browser.close()


if __name__ == "__main__":
    main()
