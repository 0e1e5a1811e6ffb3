"""Every page as a picture, to see what a change of templates or style does to them.

``python -m tests.screenshots FOLDER`` keeps them in FOLDER, each beside a text of what
a screen reader finds there. With ``--before OTHER``, pictures of an earlier commit, it
names what differs, and fails if anything does. Both must come from the same shop:
``--shop PATH`` makes it once, and stops its clock there.
"""

import argparse
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops
from playwright.sync_api import BrowserContext, Page, Route, sync_playwright

from tests import databases
from tests.live import CHROMIUM_FLAGS, LiveSite, live_site
from vto_site.env import BASE_DIR

SIZES = {"390": {"width": 390, "height": 844}, "1280": {"width": 1280, "height": 900}}
SCHEMES = ("light", "dark")
# Language, size and scheme. German once: a text that lost its translation shows.
PASSES = [
    *(("en", size, scheme) for size in SIZES for scheme in SCHEMES),
    ("de", "390", "light"),
]
NOT_COMPARED = "SELECT COUNT(*) FROM tryon_result WHERE changed_outside IS NULL"
CUSTOMER, STAFF = "customer@example.org", "staff@example.org"
# Other each time: secrets, and clothes drawn by lot.
MASKED = ".code, .code-address, .codes, img[src^='data:'], .result-page .next"
FAINT = (
    8  # of 255: how pictures are scaled differs by as much from one look to the next
)
OTHER_EACH_TIME = r"(?<=/[sp]/)[\w-]{20,}|\b[A-Z2-7]{32}\b"
HEADERS = ("--", "++", "@@")  # of a diff; what is read out begins with "-" once
STATES = """
import json
from datetime import timedelta
from django.utils import timezone
from tests import factories
from tryon import services
from tryon.models import User
owner = User.objects.get(email="staff@example.org")
now = timezone.now()
held = {}
for status in ("queued", "processing", "unconfirmed", "failed", "canceled", "fetching"):
    held[status] = factories.try_on(
        owner, status, created_at=now, next_attempt_at=now + timedelta(hours=1)
    )
held["combo"] = factories.try_on(owner, "queued", combo=True, created_at=now)
held["reported"] = made = factories.try_on(owner, "completed", created_at=now)
services.report_problem(result=made.result, reason="body", text="", by=owner, now=now)
_, secret = services.open_handoff(owner=owner, now=now)
told = {name: str(row.pk) for name, row in held.items()}
told["garment"] = str(held["queued"].garment_id)
print("JSON", json.dumps({**told, "phone": secret, "at": now.timestamp()}))
"""
ERRORS = """
import json
from pathlib import Path
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation
translation.activate("{language}")
request = RequestFactory().get("/")
request.user, request.owner, request.session = AnonymousUser(), None, dict()
pages = sorted(Path("templates/errors").glob("*.html"))
html = [render_to_string("errors/" + page.name, None, request) for page in pages]
print("JSON", json.dumps(dict(zip([page.stem for page in pages], html))))
"""
# Started with its clock standing still, in one process that needs no collected files.
FROZEN = """
import sys
import time_machine
time_machine.travel(float(sys.argv[1]), tick=False).start()
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "runserver", "--noreload", sys.argv[2]])
"""
LOADED = """async () => {
  for (const image of document.images) image.loading = 'eager';
  await Promise.all([...document.images].map(image => image.decode().catch(() => 0)));
  await document.fonts.ready;
  scrollTo(0, 0);
}"""

SIGNED_OUT = {
    "home": "/",
    "sign-in": "/account/login/",
    "sign-up": "/account/signup/",
    "reset": "/account/password/reset/",
    "reset-sent": "/account/password/reset/done/",
    "reset-over": "/account/password/reset/key/1-nothing/",
    "privacy": "/privacy/",
    "compose-empty": "/try-on/",
    "compose-empty-several": "/try-on/?several=1",
    "shared-over": "/s/nothing/",
    "phone-over": "/p/nothing/",
}
OF_CUSTOMER = {
    "compose": "/try-on/",
    "compose-several": "/try-on/?several=1",
    "compose-filtered": "/try-on/?kind=top&of=catalogue",
    "compose-nothing-found": "/try-on/?q=zzz",
    "gallery": "/gallery/",
    "gallery-filtered": "/gallery/?kind=full",
    "gallery-empty": "/gallery/?q=zzz",
    "gallery-select": "/gallery/?select=1",
    "photos": "/photos/",
    "garments": "/garments/",
    "garments-mine": "/garments/?of=mine",
    "account": "/account/",
    "account-delete": "/account/delete/",
    "account-pictures": "/account/delete-pictures/",
    "account-logout": "/account/logout/",
    "email": "/account/email/",
    "password": "/account/password/change/",
    "sessions": "/account/sessions/",
    "two-steps": "/account/two-steps/",
    "two-steps-on": "/account/two-steps/totp/activate/",
}
OF_STAFF = {
    "staff": "/admin/",
    "staff-try-ons": "/admin/tryon/tryon/",
    "staff-results": "/admin/tryon/result/",
    "staff-garments": "/admin/tryon/garment/",
    "staff-garment": "/admin/tryon/garment/add/",
    "staff-users": "/admin/tryon/user/",
    "staff-keys": "/admin/tryon/key/",
    "staff-review": "/admin/tryon/result/review/",
    "staff-health": "/admin/tryon/key/health/",
    "staff-insight": "/admin/tryon/catalogueimport/insight/",
    "staff-garment-health": "/admin/tryon/catalogueimport/garments/",
    "staff-import": "/admin/tryon/catalogueimport/start/",
    "staff-gallery": "/gallery/",
    "staff-compose": "/try-on/",
    "staff-photos": "/photos/",
}


def make_shop(path: Path) -> None:
    """The demo, at rest, with one try-on in each state and a moment to stop at."""
    env = {"TRYON_DAILY_LIMIT": "200", "MIRAGIC_API_KEYS": "", "MIRAGIC_BASE_URL": ""}
    with tempfile.TemporaryDirectory() as folder:
        with live_site(Path(folder), speed=10, **env) as made:
            made.sandbox_port = made.port + 1
            made.sandbox_url = f"http://127.0.0.1:{made.sandbox_port}"
            made.start_sandbox(spread=0.1, seconds=20)
            made.manage("demo")
            made.start("worker", "beat")
            made.until(lambda: made.states()["completed"] >= 4)
            made.until(lambda: databases.ask(made.env, NOT_COMPARED) == [(0,)])
            made.stop("worker", "beat")
            held = told_by(made, STATES)
        (made.folder / "data" / "held.json").write_text(json.dumps(held))
        shutil.copytree(made.folder / "data", path)


def told_by(made: LiveSite, script: str) -> dict[str, Any]:
    out = made.manage("shell", "-v", "0", "-c", script).stdout
    line = next(line for line in out.splitlines() if line.startswith("JSON "))
    told: dict[str, Any] = json.loads(line.removeprefix("JSON "))
    return told


class Walk:
    """Through all pages, in one language, size and scheme."""

    def __init__(
        self,
        made: LiveSite,
        context: BrowserContext,
        keep: Callable[..., None],
        language: str,
    ):
        self.url = made.url
        self.passwords = json.loads(
            (made.folder / "data" / "demo-accounts.json").read_text()
        )
        self.held = json.loads((made.folder / "data" / "held.json").read_text())
        self.errors = told_by(made, ERRORS.format(language=language))
        self.page: Page = context.new_page()
        self.keep = keep

    def see(self, name: str, path: str | None = None) -> None:
        if path is not None:
            self.page.goto(self.url + path)
        self.page.wait_for_load_state("load")
        self.page.evaluate(LOADED)
        self.keep(self.page, name)

    def see_all(self, pages: dict[str, str]) -> None:
        for name, path in pages.items():
            self.see(name, path)

    def sign_in(self, email: str) -> None:
        self.page.context.clear_cookies(name="sessionid")
        self.page.goto(f"{self.url}/account/login/")
        self.page.fill("[name=login]", email)
        self.page.fill("[name=password]", self.passwords[email])
        self.page.click("main button.primary")
        self.page.wait_for_url("**/try-on/")

    def refused(self, name: str, path: str) -> None:
        """The form of a page, sent with nothing in it."""
        self.page.goto(self.url + path)
        self.page.evaluate(
            """() => {
              const shown = 'main form[method=post]:not([hidden])';
              const form = document.querySelector(shown);
              form.noValidate = true;
              HTMLFormElement.prototype.submit.call(form);
            }"""
        )
        self.page.wait_for_selector(".summary, .error")
        self.see(name)

    def everything(self) -> None:
        self.signed_out()
        self.customer()
        self.staff()

    def signed_out(self) -> None:
        self.see_all(SIGNED_OUT)
        self.see("phone", f"/p/{self.held['phone']}/")
        self.refused("sign-in-refused", "/account/login/")
        self.refused("sign-up-refused", "/account/signup/")
        self.refused("compose-refused", "/try-on/")
        for name, html in self.errors.items():
            self.page.route(f"{self.url}/error/{name}/", answer(html))
            self.see(f"error-{name}", f"/error/{name}/")

    def customer(self) -> None:
        page = self.page
        self.sign_in(CUSTOMER)
        self.see_all(OF_CUSTOMER)
        page.goto(f"{self.url}/gallery/")
        addresses = page.locator(".state-completed a[href*='/try-on/']").evaluate_all(
            "links => [...new Set(links.map(link => new URL(link.href).pathname))]"
        )
        for n, address in enumerate(addresses):
            self.see(f"result-{n}", address)
        address = addresses[0]
        for view in ("changed", "full"):
            self.see(f"result-{view}", f"{address}?view={view}")
        for name in ("receipt", "report", "share", "delete"):
            self.see(f"result-{name}", f"{address}{name}/")
        self.refused("result-report-refused", f"{address}report/")
        page.goto(f"{self.url}{address}share/")
        page.click("main button.primary")
        page.wait_for_selector(".code-address a")
        self.see("share-made")
        page.goto(page.locator(".code-address a").first.get_attribute("href") or "")
        self.see("shared")
        page.goto(f"{self.url}/photos/")
        photo = page.locator(".card a").first.get_attribute("href")
        self.see("photo", photo)
        page.locator("main summary").first.click()
        self.see("photo-crop")
        self.see("photo-delete", f"{photo}delete/")
        page.goto(f"{self.url}/gallery/?select=1")
        page.locator(".card.state-completed label").nth(0).click()
        page.locator(".card.state-completed label").nth(1).click()
        self.see("gallery-selected")
        page.locator(".select-bar button[value=compare]").click()
        page.wait_for_url("**/compare/**")
        self.see("compare")
        self.composed()

    def composed(self) -> None:
        page = self.page
        page.goto(f"{self.url}/try-on/")
        page.locator(".garment label").nth(0).click()
        self.see("compose-chosen")
        page.locator("details.own summary").click()
        self.see("compose-own")
        if page.viewport_size and page.viewport_size["width"] > 1000:
            consent = page.locator("[name=consent]")
            if consent.count():
                consent.check()
            page.locator("[data-show-code]").click()
            page.wait_for_selector(".code svg")
            self.see("compose-code")
        page.goto(f"{self.url}/try-on/?several=1")
        for n in range(3):
            page.locator(".garment label").nth(n).click()
        self.see("compose-several-chosen")
        page.goto(f"{self.url}/account/")
        page.locator(".menu summary").click()
        self.see("menu")
        place = page.locator("body > [data-connection]")
        place.evaluate("place => place.textContent = place.dataset.busy")
        self.see("connection")

    def staff(self) -> None:
        self.sign_in(STAFF)
        self.see_all(OF_STAFF)
        for name in sorted(set(self.held) - {"phone", "at", "garment"}):
            self.see(f"state-{name}", f"/try-on/{self.held[name]}/")
        self.see("staff-change", f"/admin/tryon/tryon/{self.held['queued']}/change/")
        garment = self.held["garment"]
        self.see("staff-garment-change", f"/admin/tryon/garment/{garment}/change/")
        self.see("garment-delete", f"/garments/{garment}/delete/")


def answer(html: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(body=html, content_type="text/html")


def shoot(shop: Path, folder: Path, only: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # A copy: what the walk makes must not be there for the next.
    with tempfile.TemporaryDirectory() as copy:
        for language, size, scheme in PASSES:
            if only and f"{language}-{size}-{scheme}" not in only:
                continue
            made = LiveSite(
                Path(copy) / f"{language}-{size}-{scheme}", LANGUAGE_CODE="en"
            )
            shutil.copytree(shop, made.folder / "data")
            at = json.loads((shop / "held.json").read_text())["at"]
            made.env |= {"MIRAGIC_API_KEYS": "", "MIRAGIC_BASE_URL": ""}
            made.env["SITE_URL"] = made.url
            command = [sys.executable, "-c", FROZEN, str(at), f"127.0.0.1:{made.port}"]
            log = (made.folder / "web.log").open("wb")
            made.processes["web"] = subprocess.Popen(
                command, cwd=BASE_DIR, env=made.env, stdout=log, stderr=log
            )
            try:
                made.until(made.is_up)
                walk_once(made, folder, language, size, scheme, at)
            except Exception:
                sys.stderr.write(made.logs())
                raise
            finally:
                made.kill_all()


def walk_once(
    made: LiveSite, folder: Path, language: str, size: str, scheme: str, at: float
) -> None:
    def keep(page: Page, name: str) -> None:
        page.screenshot(
            path=folder / f"{name}-{language}-{size}-{scheme}.png",
            full_page=True,
            animations="disabled",
            mask=[page.locator(MASKED)],
        )
        page.evaluate(
            "document.querySelectorAll('.result-page .next, #live')"
            ".forEach(element => element.remove())"
        )
        heard = page.locator("body").aria_snapshot().replace(made.url, "")
        heard = re.sub(OTHER_EACH_TIME, "…", heard)
        (folder / f"{name}-{language}-{size}-{scheme}.txt").write_text(heard)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS
        )
        context = browser.new_context(
            viewport=SIZES[size],
            color_scheme=scheme,
            reduced_motion="reduce",
            locale=language,
        )
        context.clock.set_fixed_time(datetime.fromtimestamp(at, UTC))
        context.add_cookies(
            [{"name": "django_language", "value": language, "url": made.url}]
        )
        try:
            Walk(made, context, keep, language).everything()
        finally:
            browser.close()


def differences(before: Path, after: Path) -> Iterator[str]:
    names = {path.name for folder in (before, after) for path in folder.iterdir()}
    for name in sorted(names):
        if not (before / name).exists() or not (after / name).exists():
            yield f"{name}: on one side only"
            continue
        if name.endswith(".txt"):
            one, other = ((f / name).read_text().splitlines() for f in (before, after))
            lines = difflib.unified_diff(one, other, lineterm="", n=0)
            changed = [
                line for line in lines if not line.startswith(("---", "+++", "@@"))
            ]
            if changed:
                yield f"{name}: read out otherwise: " + " ".join(changed)
            continue
        one, other = (Image.open(f / name).convert("RGB") for f in (before, after))
        if one.size != other.size:
            yield f"{name}: {one.size} became {other.size}"
            continue
        difference = ImageChops.difference(one, other)
        if box := difference.point(lambda value: value > FAINT and 255).getbbox():
            yield f"{name}: differs in {box}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--before", type=Path, help="pictures to compare with")
    parser.add_argument("--shop", type=Path, help="kept here, and used again")
    parser.add_argument("--only", nargs="+", help="as en-390-light", default=[])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shop = options.shop or Path(folder) / "shop"
        if not shop.exists():
            make_shop(shop)
        shoot(shop, options.folder, options.only)
    if options.before is None:
        return 0
    told = list(differences(options.before, options.folder))
    sys.stdout.write("".join(f"{line}\n" for line in told))
    sys.stdout.write(f"{len(told)} of the pictures differ\n")
    return 1 if told else 0


if __name__ == "__main__":
    os.chdir(BASE_DIR)
    sys.exit(main())
