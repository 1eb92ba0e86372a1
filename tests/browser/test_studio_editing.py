"""Changing a video and taking it back, the mouth's timeline, and two tabs that disagree."""

import itertools
import json
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.studio_page import StudioPage
from worker.compose.brand_logo import box_px, logo_height_px, logo_place
from worker.compose.brand_plan import LogoSpot
from worker.compose.marks import CORNERS, label_height_px
from worker.engine.speech.track_edits import MouthEdit, edit_track
from worker.engine.speech.track_json import track_from_json, track_to_json

EDITS = [
    {"kind": "close", "start_s": 0.25, "end_s": 0.5},
    {"kind": "scale", "start_s": 0.4, "end_s": 0.9, "amount": 0.4},
    {"kind": "move", "start_s": 0.5, "end_s": 0.8, "amount": 0.12},
]


def saved(page: Page) -> None:
    expect(page.locator("#save-words")).to_have_text("Saved")


def open_timeline(page: Page) -> None:
    page.locator("#timeline > summary").click()
    expect(page.locator(".timeline-label").first).to_be_visible(timeout=40_000)


def test_every_kind_of_change_can_be_taken_back_and_made_again(studio: StudioPage, page: Page) -> None:
    studio.type_script("Good morning.")
    page.get_by_role("tab", name="Silent").click()
    page.get_by_label("16:9").check()
    saved(page)
    for _ in range(3):
        page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("tab", name="Type")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_label("What should the picture say?")).not_to_have_value("Good morning.")
    expect(page.locator('input[name="aspect"][value="source"]')).to_be_checked()
    for _ in range(3):
        page.get_by_role("button", name="Redo").click()
    expect(page.get_by_role("tab", name="Silent")).to_have_attribute("aria-selected", "true")
    saved(page)
    page.reload()
    expect(page.get_by_role("tab", name="Silent")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_label("16:9")).to_be_checked()


def test_keys_work_outside_of_text_and_are_listed(studio: StudioPage, page: Page) -> None:
    page.get_by_role("button", name="Another take").click()
    page.locator("body").press("Control+z")
    expect(page.locator("#seed")).to_have_value("0")
    page.locator("#script").press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("#stage").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Undo")
    page.keyboard.press("Escape")


def test_life_can_be_switched_off_and_comes_back_where_it_was(studio: StudioPage, page: Page) -> None:
    page.locator("#more-movement summary").click()
    page.get_by_label("Blinks: how often").fill("1.6")
    page.get_by_role("switch", name="Blinks").uncheck(force=True)
    expect(page.locator("#blink-value")).to_have_text("off")
    saved(page)
    page.get_by_role("switch", name="Blinks").check(force=True)
    expect(page.locator("#blink-value")).to_have_text("1.6×")


def test_two_tabs_follow_each_other_and_never_lose_a_word_unasked(
    studio: StudioPage, page: Page, context: BrowserContext
) -> None:
    other = context.new_page()
    other.goto(page.url)
    StudioPage(other)
    page.locator("#title").fill("From the first tab")
    saved(page)
    expect(other.locator("#title")).to_have_value("From the first tab")
    address = page.url.rstrip("/").rsplit("/", 1)[1]
    script = """id => fetch(`/api/v1/projects/${id}`, {method: 'PATCH', body: JSON.stringify({title: 'From a phone'}),
        headers: {'Content-Type': 'application/json', 'X-CSRFToken': document.cookie.match(/csrftoken=([^;]+)/)[1]}})
        .then(answer => answer.status)"""
    assert page.evaluate(script, address) == 200
    page.locator("#title").fill("Still here")
    dialog = page.get_by_role("dialog", name="Changed in two places")
    dialog.get_by_role("button", name="Keep what I see here").click()
    saved(page)
    assert page.evaluate(script, address) == 200
    page.locator("#title").fill("Not this one")
    dialog.get_by_role("button", name="Take the other one").click()
    expect(page.locator("#title")).to_have_value("From a phone")


def test_the_timeline_shows_the_words_and_its_changes_are_exported_as_they_are_rendered(
    studio: StudioPage, page: Page, tmp_path: Path
) -> None:
    studio.type_script("Bob made a big pie.")
    open_timeline(page)
    expect(page.locator(".timeline-label")).to_have_text(["Bob", "made", "a", "big", "pie"])
    expect(page.locator("#timeline-state")).to_contain_text("Exact times")
    with page.expect_download() as plain:
        page.get_by_role("button", name="Export").last.click()
    plain.value.save_as(tmp_path / "plain.json")
    page.get_by_role("button", name="Bob", exact=True).click()
    frame = page.locator("#stage-canvas").get_by_alt_text("Preview of one frame")
    expect(frame).to_be_visible(timeout=40_000)
    opened = frame.get_attribute("src")
    page.get_by_role("button", name="Close the mouth").click()
    expect(page.locator("#timeline-state")).to_contain_text("1 change")
    expect(frame).not_to_have_attribute("src", str(opened), timeout=40_000)
    saved(page)
    with page.expect_download() as changed:
        page.get_by_role("button", name="Export").last.click()
    changed.value.save_as(tmp_path / "changed.json")
    before, after = (json.loads((tmp_path / name).read_text()) for name in ("plain.json", "changed.json"))
    middle = next(at for at, time_s in enumerate(before["times_s"]) if time_s > 0.3)
    assert after["articulation"]["openness"][middle] <= before["articulation"]["openness"][middle]
    assert after["method"] == "edited"
    page.locator("#script").fill("Other words.")
    expect(page.get_by_text("made for other words")).to_be_visible(timeout=40_000)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#timeline-state")).to_contain_text("1 change", timeout=40_000)
    page.locator("#track-file").set_input_files(tmp_path / "changed.json")
    expect(page.locator("#timeline-feedback")).to_contain_text("changed.json", timeout=40_000)


def assert_logos_lie_where_they_are_drawn(page: Page, module: str) -> None:
    """The stage's logo and captions against the renderer's, number by number."""
    shapes = [(720, 1280), (1280, 720), (720, 900)]
    logos = [(480, 180), (100, 300), (2000, 200)]
    cases = [
        {"of": of, "logo": {"width": logo[0], "height": logo[1]}, "corner": corner, "size": size, "labelCorner": label}
        for of, logo, corner, size, label in itertools.product(
            shapes, logos, CORNERS, (0.06, 0.16, 0.3), (None, "top-left", "bottom-right")
        )
    ]
    found = page.evaluate(
        """([module, cases]) => import(module).then(({ logoPlace, takenBelow }) => cases.map((one) => {
            const [width, height] = one.of;
            const at = logoPlace(width, height, one.logo, { ...one, videoSide: Math.min(width, height) });
            return [at, height * takenBelow(width, height, one.labelCorner, one)];
        }))""",
        [module, cases],
    )
    for case, (at, taken) in zip(cases, found, strict=True):
        (width, height), label = case["of"], case["labelCorner"]
        spot = LogoSpot(case["corner"], case["size"])
        box = box_px(width, height, spot)
        scale = min(box[0] / case["logo"]["width"], box[1] / case["logo"]["height"], 2.0)
        size = (round(case["logo"]["width"] * scale), round(case["logo"]["height"] * scale))
        wanted = [*logo_place(width, height, size, case["corner"], label), *size]
        wanted.append(max(label_height_px(width, height, label), logo_height_px(width, height, spot, label)))
        drawn = [at["x"], at["y"], at["width"], at["height"], taken]
        assert max(abs(a - b) for a, b in zip(drawn, wanted, strict=True)) < 2, (case, drawn, wanted)


def test_changes_are_drawn_by_the_rules_they_are_rendered_by(studio: StudioPage, page: Page) -> None:
    studio.type_script("Bob made a big pie.")
    open_timeline(page)
    with page.expect_download() as plain:
        page.get_by_role("button", name="Export").last.click()
    text = Path(plain.value.path()).read_text()
    address = page.locator('script[src*="studio/main"]').get_attribute("src")
    folder = address.rsplit("/", 1)[0]
    modules = page.evaluate("folder => performance.getEntriesByType('resource').map(e => e.name)", folder)
    assert_logos_lie_where_they_are_drawn(page, next(name for name in modules if "logo_place" in name))
    module = next(name for name in modules if "track_edits" in name)
    drawn = page.evaluate(
        "([module, text, edits]) => import(module).then(m => m.trackFile(m.editTrack(JSON.parse(text), edits)))",
        [module, text, EDITS],
    )
    wanted = json.loads(track_to_json(edit_track(track_from_json(text), [MouthEdit.from_json(one) for one in EDITS])))
    found = json.loads(drawn)
    for group in ("articulation", "visemes"):
        for name, values in wanted[group].items():
            worst = max(abs(a - b) for a, b in zip(values, found[group][name], strict=True))
            assert worst <= 0.0025, (group, name, worst)
    assert found["phonemes"] == wanted["phonemes"]
