"""A real browser against the whole product: web, Redis, both workers and the clock, started once for all tests."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests import synth
from tests.browser.studio_page import StudioPage
from tests.servers import REPO, free_port
from tests.stripe_double.server import SECRET_KEY, StripeDouble, running_double
from tests.stripe_double.world import WEBHOOK_SECRET

BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
READY_S = 150.0
PASSWORD = "four-plain-words-here"
DESKTOP = {"width": 1440, "height": 900}
expect.set_options(timeout=15_000)  # what is waited for comes at once on a quiet machine, later beside another stack


@dataclass(frozen=True)
class Stack:
    """The product, running, with a double of Stripe behind it."""

    url: str
    stripe: StripeDouble
    data_dir: Path
    log: Path
    environment: dict[str, str]

    def run(self, code: str) -> str:
        """A piece of Python in the site's shell."""
        command = [sys.executable, "manage.py", "shell", "-v0"]
        done = subprocess.run(
            command, input=code, env=self.environment, cwd=REPO, capture_output=True, text=True, timeout=60, check=True
        )
        return done.stdout


def _browser_path() -> str | None:
    wanted = [os.environ.get("BROWSER_PATH", ""), *BROWSERS]
    return next((found for name in wanted if name and (found := shutil.which(name))), None)


def _environment(data_dir: Path, port: int, stripe: StripeDouble) -> dict[str, str]:
    foreign = ("S3_", "STRIPE_", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SITE_URL", "DJANGO_SETTINGS_MODULE")
    env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    # As an operator runs it, except that it is reached without TLS: hashed static files, our own error pages.
    served = {"DEBUG": "false", "HTTPS": "false", "ALLOWED_HOSTS": "127.0.0.1", "SITE_URL": f"http://127.0.0.1:{port}"}
    served |= {"STRIPE_SECRET_KEY": SECRET_KEY, "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET, "STRIPE_API_BASE": stripe.url}
    return env | served | {"DATA_DIR": str(data_dir), "ENV_FILE": os.devnull, "PORT": str(port)}


def _wait_until_ready(process: subprocess.Popen, url: str, log: Path) -> None:
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"`manage.py up` ended with {process.returncode}:\n{log.read_text()[-4000:]}")
        if "Lipsmith is ready" in log.read_text():
            assert requests.get(f"{url}/healthz", timeout=5).status_code == 200
            return
        time.sleep(0.2)
    raise TimeoutError(f"not ready within {READY_S} s:\n{log.read_text()[-4000:]}")


@pytest.fixture(scope="session")
def stripe() -> Iterator[StripeDouble]:
    with running_double() as double:
        yield double


@pytest.fixture(scope="session")
def stack(stripe: StripeDouble) -> Iterator[Stack]:
    if _browser_path() is None:
        pytest.skip(f"NO BROWSER FOUND: install Chromium (or set BROWSER_PATH); looked for {', '.join(BROWSERS)}")
    data_dir = Path(tempfile.mkdtemp(prefix="lipsmith-up-"))
    log, port = data_dir / "up.log", free_port()
    env = _environment(data_dir, port, stripe)
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=env, cwd=REPO, check=True, timeout=120)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"], env=env, cwd=REPO, stdout=output, stderr=output, start_new_session=True
        )
    url = f"http://127.0.0.1:{port}"
    stripe.webhook_url = f"{url}/billing/webhook/"
    try:
        _wait_until_ready(process, url, log)
        yield Stack(url, stripe, data_dir, log, env)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        shutil.rmtree(data_dir, ignore_errors=True)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(stack: Stack, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Headless, with a microphone that always hears the same voice."""
    heard = tmp_path_factory.mktemp("microphone") / "voice.wav"
    synth.write_audio(heard, synth.speechlike(6.0))
    launched = playwright.chromium.launch(
        executable_path=_browser_path(),
        args=[
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--autoplay-policy=no-user-gesture-required",
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={heard}",
        ],
    )
    yield launched
    launched.close()


@pytest.fixture
def context(browser: Browser, stack: Stack) -> Iterator[BrowserContext]:
    opened = browser.new_context(base_url=stack.url, viewport=DESKTOP, accept_downloads=True)
    opened.set_default_timeout(15_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page whose scripts may not fail, and which may not try what its security policy forbids."""
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("console", lambda told: troubles.append(told.text) if "Content Security Policy" in told.text else None)
    yield opened
    assert troubles == []


def fill_in_sign_up(page: Page) -> None:
    page.goto("/accounts/signup/")
    page.locator("input[type=email]").fill(f"{uuid4().hex[:12]}@example.com")
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/projects/*/")


def sign_up(page: Page) -> None:
    """What the form sends, without its page; that has its own test."""
    ask = page.context.request
    ask.get("/accounts/signup/")
    token = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken")
    form = {"csrfmiddlewaretoken": token, "email": f"{uuid4().hex[:12]}@example.com", "password1": PASSWORD}
    page.goto(ask.post("/accounts/signup/", form=form).url)
    page.wait_for_url("**/projects/*/")


@pytest.fixture
def studio(page: Page) -> StudioPage:
    """The first project of a new account."""
    sign_up(page)
    return StudioPage(page)
