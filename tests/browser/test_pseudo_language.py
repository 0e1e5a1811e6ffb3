"""Every page in a language that is longer by 40 % and runs from right to left."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.test_looks import SIGNED_IN, SIGNED_OUT, keep
from tests.live import LiveSite, live_site
from tests.pseudo_language import CODE, write_catalogue

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
NARROW = {"width": 360, "height": 740}
CUT_OFF = Path(__file__).with_name("cut_off.js").read_text()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    folder = tmp_path_factory.mktemp("pseudo")
    write_catalogue(folder / "locale")
    env = {
        "MIRAGIC_API_KEYS": "",
        "MIRAGIC_BASE_URL": "",
        "DJANGO_SETTINGS_MODULE": "tests.pseudo_language",
        "PSEUDO_LOCALE": str(folder / "locale"),
    }
    with live_site(folder, speed=20, **env) as live:
        live.sandbox_port = live.port + 1
        live.sandbox_url = f"http://127.0.0.1:{live.sandbox_port}"
        live.start_sandbox(spread=0.1, seconds=20)
        live.manage("demo")
        live.start("worker", "beat", "web")
        live.until(live.is_up)
        live.until(lambda: live.states()["completed"] >= 4)
        yield live


@pytest.fixture
def page(site: LiveSite, chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(viewport=NARROW, locale=CODE)
    yield context.new_page()
    context.close()


def sign_in(page: Any, site: LiveSite) -> None:
    path = site.folder / "data" / "demo-accounts.json"
    email = "customer@example.org"
    page.goto(f"{site.url}/account/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", json.loads(path.read_text())[email])
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/try-on/")


def test_nothing_is_cut_off_or_overlaps(site: LiveSite, page: Any) -> None:
    told: list[str] = []

    def look(name: str, path: str) -> None:
        page.goto(site.url + path)
        keep(page, f"{name}-pseudo", full_page=True)
        told.extend(f"{name}: {fault}" for fault in page.evaluate(CUT_OFF))
        direction = page.evaluate("getComputedStyle(document.body).direction")
        assert direction == "rtl", name

    pages = dict(SIGNED_OUT)
    del pages["not-found"]  # Django's own, with DEBUG
    for name, path in pages.items():
        look(name, path)
    sign_in(page, site)
    for name, path in SIGNED_IN.items():
        look(name, path)
    page.goto(f"{site.url}/gallery/")
    made = page.locator(".state-completed a").first.get_attribute("href")
    for name in ("", "receipt/", "report/", "share/", "delete/"):
        look(name.strip("/") or "result", made + name)
    assert told == [], "\n".join(told)


def test_the_layout_is_mirrored(site: LiveSite, page: Any) -> None:
    page.goto(f"{site.url}/try-on/")
    brand = page.locator(".brand").bounding_box()
    menu = page.locator(".menu summary").bounding_box()
    assert brand["x"] > menu["x"]
