"""The studio page, as a person uses it."""

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

RENDER_S = 120
SHORT_SCRIPT = "Hello, my friend."


def wait_until(page: Page, is_so: Callable[[], bool], *, timeout_s: float = 15) -> None:
    """Playwright's own waiting for a function needs `eval`, which our pages forbid."""
    give_up_at = time.monotonic() + timeout_s
    while not is_so():
        if time.monotonic() > give_up_at:
            raise TimeoutError
        page.wait_for_timeout(50)


class StudioPage:
    def __init__(self, page: Page) -> None:
        self.page = page
        page.wait_for_selector("html[data-ready=true]")

    @property
    def render_button(self) -> Locator:
        return self.page.locator("#render")

    @property
    def bar(self) -> Locator:
        return self.page.get_by_role("progressbar", name="Rendering")

    @property
    def video(self) -> Locator:
        return self.page.locator(".stage video")

    def wait_for_portrait(self) -> None:
        expect(self.page.locator("#portrait-badge")).to_have_text("Ready", timeout=40_000)

    def state(self, question: str, answer: str) -> None:
        """Say whose face or voice it is, once that is asked."""
        button = self.page.get_by_role("group", name=question).get_by_role("button", name=answer)
        button.click(timeout=30_000)
        expect(self.page.locator(".consent-said:visible")).to_contain_text(answer)

    def type_script(self, text: str = SHORT_SCRIPT) -> None:
        self.page.get_by_label("What should the picture say?").fill(text)
        expect(self.page.locator("#save-words")).to_have_text("Saved")

    def order(self, text: str = SHORT_SCRIPT) -> None:
        """Type something short and press Render."""
        self.wait_for_portrait()
        self.type_script(text)
        expect(self.render_button).to_have_attribute("aria-disabled", "false")
        self.render_button.click()
        expect(self.bar).to_be_visible()

    def follow(self, until: Callable[[list[float]], bool]) -> list[float]:
        """What the bar showed, one value per change, until `until` says enough or the render is over."""
        seen: list[float] = []
        stop_at = time.monotonic() + RENDER_S
        while time.monotonic() < stop_at:
            value = self.page.evaluate("document.querySelector('.rendering progress')?.value ?? null")
            if value is None:
                return seen
            if not seen or value != seen[-1]:
                seen.append(value)
            if until(seen):
                return seen
            self.page.wait_for_timeout(60)
        raise TimeoutError(f"the render did not end within {RENDER_S} s; the bar showed {seen[-5:]}")

    def wait_for_video(self) -> None:
        expect(self.video).to_be_visible(timeout=RENDER_S * 1000)

    def on_video(self, body: str) -> Any:
        """Run JavaScript on the `video` of the stage, found and used in one step: its file may take over any time."""
        return self.page.evaluate(f"() => {{ const video = document.querySelector('.stage video'); {body} }}")

    def save_state(self) -> str:
        return self.page.locator("#save-words").inner_text()
