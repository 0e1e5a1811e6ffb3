"""The network goes at each step and comes back: nothing is lost, nobody reloads."""

import re
import secrets

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.test_journey import TRY_ON, choose, send, wait_for_result
from tests.conftest import openvto_assets
from tests.live import until

pytestmark = pytest.mark.browser

UPDATES = "**/try-on/updates/**"
PAGE = re.compile(r"/try-on/[0-9a-f-]{36}/$")
NOTICE = "body > [data-connection]"
FOCUSED = "document.activeElement"


@pytest.fixture
def visitor(visit):
    """A customer; what Chromium says of requests that were cut is no complaint."""
    visitor = visit()
    visitor.sign_in()
    yield visitor
    visitor.complaints = [
        told for told in visitor.complaints if "Failed to load resource" not in told
    ]


@pytest.fixture
def picture(tmp_path):
    """A photo that no other test has sent: another try-on would be offered again."""
    image = Image.open(openvto_assets() / "avatars" / "3.png").convert("RGB")
    image.paste(tuple(secrets.token_bytes(3)), (0, 0, 24, 24))
    path = tmp_path / "me.jpg"
    image.save(path, quality=92)
    return str(path)


def photo(visitor, picture) -> None:
    visitor.consent()
    with visitor.page.expect_response("**/photos/"):
        visitor.page.set_input_files("[name=photo_file]", picture)


def start(visitor, picture) -> None:
    photo(visitor, picture)
    choose(visitor.page, "Oxford shirt")
    send(visitor.page)


def cut(page) -> None:
    page.context.set_offline(True)


def mend(page) -> None:
    page.context.set_offline(False)


def notice(page, sentence: str = "No connection. We keep trying.") -> None:
    page.wait_for_selector(f"{NOTICE}:has-text('{sentence}')")


def no_notice(page) -> None:
    expect(page.locator(NOTICE)).to_have_text("", timeout=20_000)


def script_asks(route) -> bool:
    return route.request.resource_type == "fetch"


class Fault:
    """What happens to requests of scripts for an address, as long as it is on."""

    def __init__(self, page, address, answer):
        self.on = True
        self.met = 0

        def handle(route):
            if not self.on or not script_asks(route):
                return route.fallback()
            self.met += 1
            return answer(route)

        page.route(address, handle)


def lost(route) -> None:
    route.abort("connectionfailed")


# --- waiting for a picture ---


def test_cut_while_it_is_queued_and_made(visitor, shop, picture):
    done = shop.states()["completed"]
    start(visitor, picture)
    cut(visitor.page)
    notice(visitor.page)
    shop.until(lambda: shop.states()["completed"] > done)
    mend(visitor.page)
    wait_for_result(visitor.page)
    no_notice(visitor.page)


def test_cut_at_the_very_look_that_tells_it_is_ready(visitor, picture):
    """The page froze: its card counted as over, and nothing asked any more."""
    page = visitor.page
    start(visitor, picture)
    fault = Fault(page, PAGE, lost)
    notice(page)
    assert page.locator(".wait").count() == 1
    assert fault.met
    fault.on = False
    wait_for_result(page)
    no_notice(page)
    assert page.title().startswith("Ready: ")
    page.wait_for_selector(".picture.on")
    assert page.evaluate(f"{FOCUSED}.tagName") == "H1"


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 503, "headers": {"Retry-After": "2"}, "body": "later"},
        {"status": 502, "body": "<html>Bad gateway</html>"},
        {"status": 200, "body": "<html>Sign in to the hotel's network</html>"},
    ],
    ids=["503", "502", "a hotel's page"],
)
@pytest.mark.parametrize("address", [UPDATES, PAGE], ids=["look", "page"])
def test_an_answer_that_is_none(visitor, address, answer, picture):
    page = visitor.page
    start(visitor, picture)
    fault = Fault(
        page,
        address,
        lambda route: route.fulfill(content_type="text/html", **answer),
    )
    notice(page, "The fitting room does not answer. We keep trying.")
    assert fault.met
    fault.on = False
    wait_for_result(page)
    no_notice(page)


def test_an_answer_that_never_ends(visitor, picture):
    page = visitor.page
    start(visitor, picture)
    fault = Fault(page, UPDATES, lambda route: None)
    notice(page)
    fault.on = False
    wait_for_result(page)
    no_notice(page)


def test_the_picture_itself_is_lost_on_its_way(visitor, picture):
    page = visitor.page
    start(visitor, picture)
    lost_ones = []

    def handle(route):
        if len(lost_ones) < 4:
            lost_ones.append(route.request.url)
            return route.abort("connectionfailed")
        return route.fallback()

    page.route("**/media/**", handle)
    wait_for_result(page)
    script = "all => all.every(image => image.complete && image.naturalWidth > 0)"
    shown = page.locator(".result-page .picture img")
    until(lambda: shown.evaluate_all(script))
    assert lost_ones


def test_back_at_once_when_the_network_or_the_reader_is(visitor, picture):
    """Not only after the pause between two tries, which grows to half a minute."""
    page = visitor.page
    start(visitor, picture)
    cut(page)
    notice(page)
    page.wait_for_timeout(8_000)  # the next try is seven seconds away or more
    mend(page)
    expect(page.locator(NOTICE)).to_have_text("", timeout=2_000)
    wait_for_result(page)


def test_signed_out_meanwhile(visitor, picture):
    page = visitor.page
    start(visitor, picture)
    page.context.clear_cookies()
    page.wait_for_url("**/account/login/?next=/try-on/**")


def test_a_browser_that_throws_on_notifications(visitor, picture):
    """Chrome on Android has the class, grants it, and throws when one is made."""
    page = visitor.page
    page.add_init_script(
        "window.Notification = class {"
        " constructor() { throw new TypeError('Illegal constructor') }"
        " static permission = 'default';"
        " static async requestPermission() { return 'granted' } }"
    )
    start(visitor, picture)
    page.click("[data-tell]")
    wait_for_result(page)
    page.wait_for_selector(".picture.on")


def test_the_account_menu_by_keyboard_after_a_swap(visitor, picture):
    """Its listeners went with the header that the swap replaced."""
    page = visitor.page
    start(visitor, picture)
    page.focus(".menu summary")
    wait_for_result(page)
    assert page.evaluate(f"{FOCUSED}.matches('.menu summary')"), "focus is kept"
    page.keyboard.press("Enter")
    page.wait_for_selector(".menu[open]")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    page.wait_for_selector(".menu:not([open])")
    assert page.evaluate(f"{FOCUSED}.matches('.menu summary')")
    page.keyboard.press("Enter")
    page.wait_for_selector(".menu[open]")
    page.keyboard.press("Shift+Tab")
    page.wait_for_selector(".menu:not([open])")


def test_a_card_of_the_gallery(visitor, shop, picture):
    page = visitor.page
    start(visitor, picture)
    done = shop.states()["completed"]
    path = page.url.removeprefix(shop.url)
    visitor.goto("/gallery/")
    cut(page)
    notice(page)
    shop.until(lambda: shop.states()["completed"] > done)
    mend(page)
    card = f".card:has(a[href='{path}'])"
    page.wait_for_selector(f"{card}.state-completed")
    no_notice(page)


# --- what people do ---


def test_a_photo_and_the_whole_outfit_sent_without_a_network(visitor, picture):
    page = visitor.page
    choose(page, "Wrap dress")
    before = page.locator(".photo").count()
    visitor.consent()
    cut(page)
    page.set_input_files("[name=photo_file]", picture)
    page.wait_for_selector("[data-upload-state]:has-text('Not sent yet.')")
    notice(page)
    page.click("[data-go]")
    page.click("[data-go]", force=True)  # on its way already
    mend(page)
    page.wait_for_url(TRY_ON)
    no_notice(page)
    visitor.goto("/try-on/")
    assert page.locator(".photo").count() in (before, before + 1)
    visitor.goto("/gallery/")
    assert "Wrap dress" in page.locator(".card .name").first.inner_text()


def test_an_upload_that_breaks_off(visitor, picture):
    page = visitor.page
    broken = []

    def handle(route):
        if route.request.method == "POST" and len(broken) < 2:
            broken.append(route.request.url)
            return route.abort("connectionreset")
        return route.fallback()

    page.route("**/photos/", handle)
    visitor.consent()
    page.set_input_files("[name=photo_file]", picture)
    page.wait_for_selector(".photo input:checked", state="attached")
    page.wait_for_selector(".verdict-line")
    no_notice(page)
    assert len(broken) == 2


def test_a_form_waits_for_the_network(visitor, picture):
    """Chromium's own page for a lost connection would take the choice with it."""
    page = visitor.page
    photo(visitor, picture)
    choose(page, "Wool blazer", "Wide trousers")
    cut(page)
    page.click("[data-go]")
    notice(page)
    assert page.locator(".garment input:checked").count() == 2
    assert page.locator("[data-go].busy").count() == 1
    mend(page)
    page.wait_for_url(TRY_ON)


def test_the_photos_page(visitor, picture):
    page = visitor.page
    visitor.goto("/photos/")
    visitor.consent()
    cut(page)
    page.set_input_files("[name=photo_file]", picture)
    notice(page)
    mend(page)
    files = page.locator("[type=file]")
    until(lambda: files.evaluate("input => input.files.length") == 0)
    assert page.locator(".card").count() >= 1
    no_notice(page)


def test_a_code_whose_look_is_cut(visitor, visit, picture):
    page = visitor.page
    visitor.consent()
    page.click("text=Photos on your phone? Show a code")
    address = page.locator(".code-address a").get_attribute("href")
    cut(page)
    page.wait_for_selector(".dialog [data-connection]:has-text('No connection.')")
    phone = visit(viewport=PHONE)
    phone.page.goto(address)
    phone.page.context.set_offline(True)
    phone.page.set_input_files("[name=photo_file]", picture)
    notice(phone.page)
    phone.page.context.set_offline(False)
    phone.page.wait_for_selector("h1:has-text('Sent')")
    phone.complaints = [c for c in phone.complaints if "Failed to load" not in c]
    mend(page)
    page.wait_for_selector("[data-code-dialog]", state="hidden")
    assert page.locator(".photo input:checked").count() == 1
    no_notice(page)


def test_a_code_asked_for_without_a_network(visitor):
    page = visitor.page
    visitor.consent()
    cut(page)
    page.click("text=Photos on your phone? Show a code")
    page.click("text=Photos on your phone? Show a code")
    notice(page)
    mend(page)
    page.wait_for_selector("[data-code-dialog][open] .code svg")


def test_a_heart(visitor):
    page = visitor.page
    heart = page.locator(".garment:has-text('Oxford shirt') .heart")
    before = heart.get_attribute("aria-pressed")
    after = "false" if before == "true" else "true"
    cut(page)
    heart.click()
    heart.click()  # on its way already
    notice(page)
    assert heart.get_attribute("aria-pressed") == before
    mend(page)
    page.wait_for_selector(
        f".garment:has-text('Oxford shirt') .heart[aria-pressed={after}]"
    )
    no_notice(page)
    page.reload()
    assert heart.get_attribute("aria-pressed") == after


def test_a_heart_that_is_refused(visitor):
    page = visitor.page
    page.route("**/favourite/", lambda route: route.fulfill(status=403, body=""))
    page.locator(".heart").first.click()
    notice(page, "That did not work. Load the page again.")
    assert page.locator(".heart[aria-busy]").count() == 0


def test_select_in_the_gallery(visitor):
    page = visitor.page
    visitor.goto("/gallery/")
    cut(page)
    page.click("[data-select]")
    notice(page)
    mend(page)
    page.wait_for_selector("[data-pick]", state="attached")
    no_notice(page)
    page.locator(".card.state-completed label").first.click()
    assert page.locator("[data-count]").inner_text() == "1 selected"
    page.select_option("[name=state]", "ready")  # still sends itself
    page.wait_for_url("**state=ready**")


def test_the_report_of_a_photo(visitor, picture):
    page = visitor.page
    photo(visitor, picture)
    fault = Fault(page, "**/photos/*/report/**", lost)
    choose(page, "Slim jeans")
    notice(page)
    fault.on = False
    page.wait_for_selector(".verdict-line")
    no_notice(page)


@pytest.mark.parametrize("step", ["look", "page"])
def test_a_zip(visitor, shop, step):
    page = visitor.page
    visitor.goto("/gallery/?select=1")
    # Of another picture each: what was packed a minute ago is not packed again.
    ready = page.locator(".card.state-completed label")
    ready.nth(["look", "page"].index(step)).click()

    def wanted(route) -> bool:
        figures = route.request.headers.get("accept") == "application/json"
        return figures == (step == "look")

    fault = Fault(
        page,
        "**/exports/**",
        lambda route: lost(route) if wanted(route) else route.fallback(),
    )
    shop.stop("worker")
    page.click("button:has-text('Download')")
    page.wait_for_selector("h1:has-text('Making the zip')")
    shop.start("worker")
    notice(page)
    fault.on = False
    page.wait_for_selector("h1:has-text('Your zip is ready')")
    no_notice(page)
