"""Buying credits in a real browser: the site under uvicorn, the official Stripe library, and the double behind it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.browser.conftest import BROWSERS, PASSWORD, _browser_path
from tests.servers import Site, running_site
from tests.stripe_double.server import SECRET_KEY, StripeDouble, running_double
from tests.stripe_double.world import WEBHOOK_SECRET

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
EMAIL = "buyer@example.com"
NEWCOMER = f"""
from allauth.account.models import EmailAddress
from apps.accounts.models import User
from apps.credits.services import grant_welcome
user = User.objects.create_user("{EMAIL}", "{PASSWORD}")
EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
grant_welcome(user)
"""
EXPORTED = f"""
from apps.accounts.models import User
from apps.credits import services
user = User.objects.get(email="{EMAIL}")
services.capture(services.hold(user, 42, key="job:1", note="Export of “Hello”"), 40)
"""


@dataclass(frozen=True)
class Shop:
    site: Site
    stripe: StripeDouble


@pytest.fixture(scope="module")
def shop(redis_url: str) -> Iterator[Shop]:
    if _browser_path() is None:
        pytest.skip(f"NO BROWSER FOUND: install Chromium (or set BROWSER_PATH); looked for {', '.join(BROWSERS)}")
    with running_double() as stripe:
        keys = {"STRIPE_SECRET_KEY": SECRET_KEY, "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET}
        with running_site(redis_url, STRIPE_API_BASE=stripe.url, **keys) as site:
            stripe.webhook_url = f"{site.url}/billing/webhook/"
            site.manage("shell", code=NEWCOMER)
            yield Shop(site, stripe)


@pytest.fixture(scope="module")
def own_browser(shop: Shop, playwright: Playwright) -> Iterator[Browser]:
    launched = playwright.chromium.launch(executable_path=_browser_path(), args=["--no-sandbox", "--disable-gpu"])
    yield launched
    launched.close()


@pytest.fixture
def buyer(own_browser: Browser, shop: Shop) -> Iterator[Page]:
    """A signed-in page; what the security policy refuses fails the test."""
    context = own_browser.new_context(base_url=shop.site.url)
    page, troubles = context.new_page(), []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda told: troubles.append(told.text) if "Content Security Policy" in told.text else None)
    page.goto("/accounts/login/")
    page.locator("input[type=email]").fill(EMAIL)
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("main form button[type=submit]").click()
    page.locator(".avatar-button").wait_for()
    yield page
    context.close()
    assert troubles == []


def balance(page: Page) -> str:
    page.goto("/credits/")
    return page.locator(".wallet-amount").inner_text().split()[0]


def test_a_pack_is_bought_spent_and_every_move_is_seen(buyer: Page, shop: Shop) -> None:
    assert balance(buyer) == "30"
    buyer.get_by_role("link", name="Get credits").click()
    buyer.get_by_role("button", name="Buy 500").click()
    buyer.get_by_role("button", name="Pay 39.00 USD").click()
    expect(buyer.get_by_role("heading", name="500 credits are yours")).to_be_visible()
    assert balance(buyer) == "530"
    shop.site.manage("shell", code=EXPORTED)
    assert balance(buyer) == "490"
    rows = buyer.locator(".history tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(0)).to_contain_text("40 spent")
    with buyer.expect_download() as started:
        buyer.get_by_role("link", name="Download CSV").click()
    assert started.value.path().read_text().count("\n") == 5


def test_coming_back_without_paying_brings_nothing(buyer: Page, shop: Shop) -> None:
    before = balance(buyer)
    buyer.goto("/credits/buy/")
    buyer.get_by_role("button", name="Buy 100").click()
    buyer.wait_for_url("**/pay/**")
    session = shop.stripe.world.get("checkout.session", buyer.url.rpartition("/")[2])
    buyer.goto(session["success_url"])
    expect(buyer.get_by_role("heading", name="Waiting for Stripe")).to_be_visible()
    assert balance(buyer) == before


def test_the_page_of_thanks_notices_by_itself_when_the_payment_is_confirmed(buyer: Page, shop: Shop) -> None:
    webhook, shop.stripe.webhook_url = shop.stripe.webhook_url, "http://127.0.0.1:9/"
    buyer.goto("/credits/buy/")
    buyer.get_by_role("button", name="Buy 100").click()
    buyer.wait_for_url("**/pay/**")
    session = shop.stripe.world.get("checkout.session", buyer.url.rpartition("/")[2])
    shop.stripe.world.pay(session["id"])
    buyer.goto(session["success_url"])
    expect(buyer.get_by_role("heading", name="Waiting for Stripe")).to_be_visible()
    shop.stripe.webhook_url = webhook
    assert set(shop.stripe.deliver()) == {200}
    expect(buyer.get_by_role("heading", name="100 credits are yours")).to_be_visible(timeout=15_000)
