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


def keep(page, name: str, **options) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=path / f"{name}.png", **options)


def look(page, name: str, side: str, scheme: str) -> None:
    page.wait_for_load_state("load")
    keep(page, f"{name}-{side}-{scheme}", full_page=True)
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


def walk(visitor, seen) -> None:
    """Through all pages of a customer; `seen(name)` on each."""
    page = visitor.page
    for name, path in SIGNED_OUT.items():
        visitor.goto(path)
        seen(name)
    visitor.complaints = [c for c in visitor.complaints if "404" not in c]
    visitor.sign_in()
    for name, path in SIGNED_IN.items():
        visitor.goto(path)
        seen(name)
    page.fill("[name=password]", visitor.passwords["customer@example.org"])
    page.click("button.primary")
    page.wait_for_selector("[name=code]")
    seen("two-steps-on")
    visitor.goto("/gallery/")
    page.locator(".state-completed a").first.click()
    page.wait_for_selector(".picture.on")
    seen("result")
    address = page.url
    visitor.see_what_changed()
    seen("result-changed")
    for name in ("receipt", "report", "share"):
        page.goto(f"{address}{name}/")
        seen(name)
    with page.expect_navigation():  # the page before may show an earlier link
        page.click("text=Make a link")
    page.wait_for_selector(".code-address a")
    seen("share-made")
    page.goto(page.locator(".code-address a").first.get_attribute("href"))
    seen("shared")
    visitor.goto("/s/nothing/")
    seen("shared-over")
    visitor.complaints = [c for c in visitor.complaints if "404" not in c]
    visitor.goto("/photos/")
    page.locator(".card a").first.click()
    page.click("summary:has-text('Crop')")
    seen("photo")
    visitor.goto("/gallery/?select=1")
    boxes = page.locator(".card.state-completed label")
    boxes.nth(0).click()
    boxes.nth(1).click()
    page.click("button:has-text('Compare')")
    page.wait_for_url("**/compare/**")
    seen("compare")
    page.goto(address)
    page.click(".tools >> text=Delete")
    seen("confirm-delete")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("side", SIDES)
def test_every_page(visit, side, scheme):
    visitor = visit(viewport=SIZES[side], color_scheme=scheme)
    walk(visitor, lambda name: look(visitor.page, name, side, scheme))


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


# 1280 x 1024 pixels at 400 %.
ZOOMED = {"width": 320, "height": 256}
STAYS = """most => [...document.querySelectorAll('body *')].filter(element => {
  if (!['sticky', 'fixed'].includes(getComputedStyle(element).position)) return false;
  const { width, height } = element.getBoundingClientRect();
  return Math.min(width, innerWidth) * Math.min(height, innerHeight)
    > most * innerWidth * innerHeight;
}).map(element => element.outerHTML.slice(0, 80))"""
WIDER = """[...document.querySelectorAll('body *')].filter(element =>
  element.getBoundingClientRect().right > innerWidth + 1
).map(element => element.outerHTML.slice(0, 80)).slice(0, 5)"""


def read_at_400_percent(page, name: str, told: list) -> None:
    """Adds to `told` what lies over the page, and what makes it wider."""
    page.wait_for_load_state("load")
    keep(page, f"{name}-400")
    keep(page, f"{name}-400-whole", full_page=True)
    over = page.evaluate(STAYS, 0.15)
    if over:
        told.append((name, "stays in view", over))
    if page.evaluate("document.documentElement.scrollWidth") > ZOOMED["width"]:
        told.append((name, "is wider", page.evaluate(WIDER)))


def test_every_page_at_400_percent(visit):
    visitor = visit(viewport=ZOOMED)
    told = []
    walk(visitor, lambda name: read_at_400_percent(visitor.page, name, told))
    assert told == []


@pytest.fixture
def reported(shop):
    """One result that waits to be looked at."""
    script = """
from django.utils import timezone
from tests import factories
from tryon import services
from tryon.models import User
owner = User.objects.get(email="staff@example.org")
now = timezone.now()
made = factories.try_on(owner, "completed", created_at=now)
services.report_problem(result=made.result, reason="body", text="", by=owner, now=now)
"""
    script += "print(made.pk)"
    return shop.manage("shell", "-v", "0", "-c", script).stdout.strip()


STAFF = {
    "staff": "/admin/",
    "staff-try-ons": "/admin/tryon/tryon/",
    "staff-results": "/admin/tryon/result/",
    "staff-garments": "/admin/tryon/garment/",
    "staff-garment": "/admin/tryon/garment/add/",
    "staff-review": "/admin/tryon/result/review/",
    "staff-health": "/admin/tryon/key/health/",
    "staff-insight": "/admin/tryon/catalogueimport/insight/",
    "staff-garment-health": "/admin/tryon/catalogueimport/garments/",
    "staff-import": "/admin/tryon/catalogueimport/start/",
}


def test_every_state_and_staffs_pages_at_400_percent(visit, shop, held, reported):
    """In German, whose words are longer."""
    visitor = visit(viewport=ZOOMED)
    visitor.sign_in("staff@example.org")
    page = visitor.page
    page.context.add_cookies(
        [{"name": "django_language", "value": "de", "url": shop.url}]
    )
    pages = {f"state-{name}": f"/try-on/{pk}/" for name, pk in held.items()}
    for name in ("", "receipt", "report", "share", "delete"):
        pages[f"result-{name}"] = f"/try-on/{reported}/{name}{'/' if name else ''}"
    told = []
    for name, path in (SIGNED_IN | pages | STAFF).items():
        visitor.goto(path)
        read_at_400_percent(page, f"{name}-de", told)
    assert told == []
    visitor.goto(STAFF["staff-review"])
    assert page.locator(".review-actions").is_visible()


def test_a_lost_connection_is_told_without_covering_the_page(visit):
    visitor = visit(viewport=ZOOMED)
    visitor.sign_in()
    place = visitor.page.locator("body > [data-connection]")
    place.evaluate("place => place.textContent = place.dataset.refused")
    keep(visitor.page, "connection-400")
    assert visitor.page.evaluate(STAYS, 0.25) == []
    assert place.bounding_box()["y"] >= 0
