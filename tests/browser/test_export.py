"""The whole paid way in a real browser: short of credits, a pack bought, a clean export, its download."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Stack
from tests.browser.studio_page import SHORT_SCRIPT, StudioPage
from tests.browser.test_accessibility import assert_accessible
from worker.compose.credentials import CredentialsState, read_credentials
from worker.engine.media.probe import probe

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]
EXPORT_S = 150
CONFIRM = """
from allauth.account.models import EmailAddress
EmailAddress.objects.filter(email="{email}").update(verified=True)
"""


def balance(page: Page) -> int:
    page.goto("/credits/")
    return int(page.locator(".wallet-amount").inner_text().split()[0].replace(",", ""))


def open_panel(page: Page) -> None:
    page.get_by_role("heading", name="Export without watermark").click()
    expect(page.locator("#export-balance")).to_be_visible(timeout=30_000)


def test_a_pack_is_bought_a_clean_video_exported_and_the_credits_move(
    studio: StudioPage, stack: Stack, tmp_path: Path
) -> None:
    page = studio.page
    address = page.url
    studio.wait_for_portrait()
    studio.type_script(SHORT_SCRIPT)
    open_panel(page)
    price = int(page.locator(".export-total").inner_text().split()[0])
    assert 1 <= price <= 12
    expect(page.locator("#export-problem")).to_be_empty()
    expect(page.locator("#export-actions")).to_contain_text(f"You need {price} credit")

    page.locator("[data-menu-button][aria-label='Account menu']").click()
    email = page.locator("#account-menu .menu-note strong").inner_text()
    stack.run(CONFIRM.format(email=email))
    page.get_by_role("menuitem", name="Credits and payments").or_(
        page.get_by_role("link", name="Credits and payments")
    ).click()
    page.get_by_role("link", name="Get credits").click()
    page.get_by_role("button", name="Buy 100").click()
    page.get_by_role("button", name="Pay 9.00 USD").click()
    expect(page.get_by_role("heading", name="100 credits are yours")).to_be_visible()
    assert balance(page) == 100

    page.goto(address)
    page.wait_for_selector("html[data-ready=true]")
    open_panel(page)
    page.get_by_role("button", name="Export clean for").click()
    item = page.locator(".export-item")
    expect(item).to_contain_text("reserved")
    expect(page.locator("#export-balance")).to_have_text(f"{100 - price} credits", timeout=20_000)
    expect(item).to_contain_text("Clean export", timeout=EXPORT_S * 1000)
    with page.expect_download() as started:
        item.get_by_role("link", name="Download").click()
    saved = tmp_path / "clean.mp4"
    started.value.save_as(saved)
    info = probe(saved)
    assert info.video is not None and info.sound is not None
    assert min(info.video.width_px, info.video.height_px) > 720, "an export is as large as its source"
    credentials = read_credentials(saved)
    assert credentials is not None and credentials.state is not CredentialsState.INVALID

    spent = 100 - balance(page)
    assert 1 <= spent <= price
    rows = page.locator(".history tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text(f"{spent} spent")
    expect(rows.nth(1)).to_contain_text("Reserved")

    page.goto(address)
    page.wait_for_selector("html[data-ready=true]")
    open_panel(page)
    expect(page.locator(".export-total")).to_have_text("Free", timeout=20_000)
    assert_accessible(page, "the export panel with a finished export")
    page.goto("/credits/buy/")
    expect(page.get_by_role("heading", name="Free and paid")).to_be_visible()
