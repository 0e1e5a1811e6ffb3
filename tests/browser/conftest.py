"""Real Chromium before the whole site, at phone and desktop size."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests import databases
from tests.conftest import missing, which
from tests.live import CHROMIUM_FLAGS, LiveSite, live_site

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
NOT_COMPARED = "SELECT COUNT(*) FROM tryon_result WHERE changed_outside IS NULL"


@pytest.fixture(scope="session")
def playwright() -> Iterator[Any]:
    """What starts browsers: one in a process is all there may be."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium_path() -> str:
    path = which("chromium")
    if path is None:
        missing("Chromium", "apt-get install chromium")
    return str(path)


@pytest.fixture(scope="session")
def chromium(playwright: Any, chromium_path: str) -> Iterator[Any]:
    options = {"executable_path": chromium_path, "args": CHROMIUM_FLAGS}
    browser = playwright.chromium.launch(**options)
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """The demo shop with its sandbox, at ten times the speed.

    It ends with these tests: its ticks alone take a third of a core.
    """
    folder = tmp_path_factory.mktemp("shop")
    env = {"TRYON_DAILY_LIMIT": "200", "MIRAGIC_API_KEYS": "", "MIRAGIC_BASE_URL": ""}
    with live_site(folder, speed=10, **env) as site:
        site.sandbox_port = site.port + 1
        site.sandbox_url = f"http://127.0.0.1:{site.sandbox_port}"
        site.start_sandbox(spread=0.1, seconds=20)
        site.manage("demo")
        site.start("worker", "beat", "web")
        site.until(site.is_up)
        site.until(lambda: site.states()["completed"] >= 4)
        yield site


@pytest.fixture(scope="package")
def passwords(shop: LiveSite) -> dict[str, str]:
    path = shop.folder / "data" / "demo-accounts.json"
    found: dict[str, str] = json.loads(path.read_text())
    return found


class Visitor:
    """A page whose every complaint in the console is a failure."""

    def __init__(self, context: Any, shop: LiveSite, passwords: dict[str, str]):
        self.page = context.new_page()
        self.shop = shop
        self.passwords = passwords
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._heard)
        self.page.on("request", self._asked)

    def _heard(self, message: Any) -> None:
        # A refused upload answers 422, which Chromium calls an error.
        if message.type == "error" and "422" not in message.text:
            self.complaints.append(message.text)

    def _asked(self, request: Any) -> None:
        # Pictures come from the shop's own bucket, where it has one.
        bucket = self.shop.env.get("AWS_S3_ENDPOINT_URL") or self.shop.url
        if not request.url.startswith((self.shop.url, bucket, "data:", "blob:")):
            self.complaints.append(f"outside: {request.url}")

    def goto(self, path: str) -> None:
        self.page.goto(self.shop.url + path)

    def see_what_changed(self) -> None:
        """On a result's page. Pictures are compared when the machine has time."""
        ask = databases.ask
        self.shop.until(lambda: ask(self.shop.env, NOT_COMPARED) == [(0,)])
        self.page.reload()
        self.page.click("text=What changed")

    def consent(self) -> None:
        """Tick the box before the first photo, if it is there."""
        box = self.page.locator("[name=consent]")
        if box.count():
            box.check()

    def sign_in(self, email: str = "customer@example.org") -> None:
        self.goto("/account/login/")
        self.page.fill("[name=login]", email)
        self.page.fill("[name=password]", self.passwords[email])
        self.page.click("button:has-text('Sign in')")
        self.page.wait_for_url("**/try-on/")


@pytest.fixture
def visit(chromium: Any, shop: LiveSite, passwords: dict[str, str]) -> Iterator[Any]:
    opened: list[tuple[Any, Visitor]] = []

    def open_page(**options: Any) -> Visitor:
        options.setdefault("viewport", DESKTOP)
        context = chromium.new_context(**options)
        context.set_default_timeout(20_000)
        visitor = Visitor(context, shop, passwords)
        opened.append((context, visitor))
        return visitor

    yield open_page
    for context, visitor in opened:
        context.close()
        assert visitor.complaints == []
