"""Every page at 390 and 1280 px, light and dark: axe finds nothing, nothing scrolls
sideways. With SCREENSHOTS=folder the pictures are kept, to be looked at."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import DESKTOP, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SIGNED_OUT = {
    "home": "/",
    "sign-in": "/account/login/",
    "sign-up": "/account/signup/",
    "reset": "/account/password/reset/",
    "privacy": "/privacy/",
    "compose-empty": "/try-on/",
    "not-found": "/nothing/",
}
SIGNED_IN = {
    "compose": "/try-on/",
    "compose-several": "/try-on/?several=1",
    "compose-nothing-found": "/try-on/?q=zzz",
    "gallery": "/gallery/",
    "gallery-filtered": "/gallery/?kind=full",
    "gallery-empty": "/gallery/?q=zzz",
    "gallery-select": "/gallery/?select=1",
    "photos": "/photos/",
    "garments": "/garments/",
    "garments-mine": "/garments/?of=mine",
    "account": "/account/",
    "two-steps": "/account/two-steps/",
    "password-again": "/account/two-steps/totp/activate/",
}


def look(page, name: str, side: str, scheme: str) -> None:
    page.wait_for_load_state("load")
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=path / f"{name}-{side}-{scheme}.png", full_page=True)
    found = Axe().run(page)
    told = [f"{v['id']}: {v['nodes'][0]['html']}" for v in found.response["violations"]]
    assert told == [], name
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
        f"{name} scrolls sideways"
    )
    assert page.locator("h1").count() == 1, name


SIZES = {"390": PHONE, "768": {"width": 768, "height": 1024}, "1280": DESKTOP}
# The middle size is looked at by people, from the pictures.
SIDES = list(SIZES) if os.environ.get("SCREENSHOTS") else ["390", "1280"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("side", SIDES)
def test_every_page(visit, shop, side, scheme):
    viewport = SIZES[side]
    visitor = visit(viewport=viewport, color_scheme=scheme)
    page = visitor.page
    for name, path in SIGNED_OUT.items():
        visitor.goto(path)
        look(page, name, side, scheme)
    visitor.complaints = [c for c in visitor.complaints if "404" not in c]
    visitor.sign_in()
    for name, path in SIGNED_IN.items():
        visitor.goto(path)
        look(page, name, side, scheme)
    page.fill("[name=password]", visitor.passwords["customer@example.org"])
    page.click("button.primary")
    page.wait_for_selector("[name=code]")
    look(page, "two-steps-on", side, scheme)
    visitor.goto("/gallery/")
    page.locator(".state-completed a").first.click()
    page.wait_for_selector(".picture.on")
    look(page, "result", side, scheme)
    address = page.url
    visitor.see_what_changed()
    look(page, "result-changed", side, scheme)
    for name in ("receipt", "report", "share"):
        page.goto(f"{address}{name}/")
        look(page, name, side, scheme)
    page.click("text=Make a link")
    page.wait_for_selector(".code-address a")
    look(page, "share-made", side, scheme)
    page.goto(page.locator(".code-address a").first.get_attribute("href"))
    look(page, "shared", side, scheme)
    visitor.goto("/s/nothing/")
    look(page, "shared-over", side, scheme)
    visitor.complaints = [c for c in visitor.complaints if "404" not in c]
    visitor.goto("/photos/")
    page.locator(".card a").first.click()
    page.click("summary:has-text('Crop')")
    look(page, "photo", side, scheme)
    visitor.goto("/gallery/?select=1")
    boxes = page.locator(".card.state-completed label")
    boxes.nth(0).click()
    boxes.nth(1).click()
    page.click("button:has-text('Compare')")
    page.wait_for_url("**/compare/**")
    look(page, "compare", side, scheme)
    page.goto(address)
    page.click(".tools >> text=Delete")
    look(page, "confirm-delete", side, scheme)


STATES = ("queued", "processing", "unconfirmed", "failed", "canceled", "fetching")


@pytest.fixture(scope="module")
def held(shop):
    """One try-on in each state that passes, held there for the pictures."""
    script = f"""
from tests import factories
from tryon.models import User
from django.utils import timezone
from datetime import timedelta
owner = User.objects.get(email="staff@example.org")
far = timezone.now() + timedelta(hours=1)
for status in {STATES!r}:
    t = factories.try_on(owner, status, created_at=timezone.now(), next_attempt_at=far)
    print(status, t.pk)
"""
    told = shop.manage("shell", "-v", "0", "-c", script).stdout
    return dict(line.split() for line in told.splitlines() if line)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("side", SIDES)
def test_every_state(visit, held, side, scheme):
    viewport = SIZES[side]
    visitor = visit(viewport=viewport, color_scheme=scheme)
    visitor.sign_in("staff@example.org")
    for status in STATES:
        visitor.goto(f"/try-on/{held[status]}/")
        look(visitor.page, f"state-{status}", side, scheme)
    visitor.goto("/gallery/")
    look(visitor.page, "gallery-states", side, scheme)


def test_200_percent_zoom_and_320_pixels(visit):
    visitor = visit(viewport={"width": 320, "height": 640})
    visitor.sign_in()
    for path in SIGNED_IN.values():
        visitor.goto(path)
        assert visitor.page.evaluate(
            "document.documentElement.scrollWidth <= window.innerWidth"
        ), path
