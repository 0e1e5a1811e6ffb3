"""The button on product pages of other sites, over TLS, with cookies as browsers have
them: blocked for third parties, or blocked altogether."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.live import CHROMIUM_FLAGS, LiveSite, free_pair, live_site
from tests.tls import write_front
from vto_site.env import BASE_DIR

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)  # ms; the machine has other things to do
PEOPLE = BASE_DIR / "tryon" / "demo" / "people"
THIRD_PARTY_BLOCKED = {"cookie_controls_mode": 1, "block_third_party_cookies": True}
ALL_BLOCKED = {"default_content_setting_values": {"cookies": 2}}


class Sites:
    """The fitting room at tryon.test, shops at shop.test, other.test and evil.test."""

    def __init__(self, live: LiveSite, port: int):
        self.live = live
        self.port = port
        self.tryon = self.at("tryon")

    def at(self, name: str) -> str:
        return f"https://{name}.test:{self.port}"


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    folder = tmp_path_factory.mktemp("embed")
    port, shop_port = free_pair()
    listed = [f"https://{name}.test:{port}" for name in ("shop", "other")]
    env = {
        "MIRAGIC_API_KEYS": "",
        "MIRAGIC_BASE_URL": "",
        "SITE_URL": f"https://tryon.test:{port}",
        "TRUSTED_PROXIES": "127.0.0.1",
        "TRYON_EMBED_ORIGINS": ",".join(listed),
        "TRYON_GUEST_LIMIT": "9",
    }
    with live_site(folder, speed=10, **env) as live:
        live.sandbox_port = live.port + 1
        live.sandbox_url = f"http://127.0.0.1:{live.sandbox_port}"
        live.start_sandbox(spread=0.1, seconds=20)
        live.manage("demo")
        names = {f"{name}.test": shop_port for name in ("shop", "other", "evil")}
        upstreams = {"tryon.test": live.port, **names}
        live.commands["nginx"] = write_front(folder / "nginx", port, upstreams)
        live.commands["demo_shop"] = f"python manage.py demo_shop --port {shop_port}"
        live.start("worker", "beat", "web", "demo_shop", "nginx")
        live.until(live.is_up)
        yield Sites(live, port)


@pytest.fixture
def browse(playwright: Any, chromium_path: str, tmp_path: Path) -> Iterator[Any]:
    """A browser with its own profile and settings, as a person has it."""
    opened: list[Any] = []
    complaints: list[str] = []

    def begin(settings: dict[str, Any] | None = None, **options: Any) -> Any:
        profile = tmp_path / f"profile-{len(opened)}"
        (profile / "Default").mkdir(parents=True)
        preferences = {"profile": settings or THIRD_PARTY_BLOCKED}
        (profile / "Default" / "Preferences").write_text(json.dumps(preferences))
        options.setdefault("viewport", PHONE)
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=chromium_path,
            args=[*CHROMIUM_FLAGS, "--host-resolver-rules=MAP *.test 127.0.0.1"],
            ignore_https_errors=True,
            **options,
        )
        opened.append(context)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        return context

    yield begin
    for context in opened:
        context.close()
    assert complaints == []


def press(page: Any) -> Any:
    """The button; then what is in the frame."""
    page.get_by_role("button", name="See it on me").click()
    return page.frame_locator("fitting-room-button iframe")


def add_photo(frame: Any, person: str = "noor") -> None:
    expect(frame.locator("[data-go]")).to_be_disabled()  # by the page's script: it runs
    frame.locator("[name=consent]").check()
    frame.locator("[name=photo_file]").set_input_files(PEOPLE / f"{person}.jpg")
    expect(frame.locator("[name=photo]")).to_have_count(1)


def told(page: Any) -> list[dict[str, Any]]:
    return [
        {
            "name": line.text_content().split()[0],
            **json.loads(line.get_attribute("data-detail")),
        }
        for line in page.locator("#events li").all()
    ]


def is_open(page: Any) -> bool:
    return bool(page.locator("fitting-room-button dialog[open]").count())


def test_from_the_button_to_the_basket_without_third_party_cookies(sites, browse):
    context = browse(THIRD_PARTY_BLOCKED)
    page = context.new_page()
    page.goto(f"{sites.at('shop')}/dress")
    frame = press(page)
    expect(frame.get_by_text("Tea dress").first).to_be_visible()
    plain = (
        "document.cookie = 'plain=1; Secure; SameSite=None; Path=/'; document.cookie"
    )
    inside = page.frames[-1]
    assert "plain" not in inside.evaluate(plain)  # they are blocked indeed
    add_photo(frame)
    frame.locator("[data-go]").click()
    expect(frame.locator(".result-page")).to_be_visible(timeout=60_000)
    frame.get_by_role("button", name="Add to basket").click()
    expect(page.locator("#basket")).to_have_text("1")
    events = told(page)
    assert [event["name"] for event in events] == ["open", "started", "ready", "basket"]
    assert {event["sku"] for event in events} == {"FR-3039"}
    assert all(set(event) == {"name", "sku", "try_on"} for event in events)
    assert len({event["try_on"] for event in events[1:]}) == 1
    names = {cookie["name"] for cookie in context.cookies(sites.tryon)}
    assert {"__Host-frame-sessionid", "__Host-frame-tz"} <= names
    assert all(name.startswith("__Host-frame-") for name in names)
    page.goto(f"{sites.at('shop')}/blazer")  # a second visit
    frame = press(page)
    expect(frame.locator("[name=photo]")).to_have_count(1)
    expect(frame.get_by_role("link", name="Keep it: create an account")).to_be_visible()


def test_two_shops_do_not_see_each_other(sites, browse):
    context = browse(THIRD_PARTY_BLOCKED)
    page = context.new_page()
    page.goto(f"{sites.at('shop')}/dress")
    add_photo(press(page))
    page.goto(f"{sites.at('other')}/dress")
    frame = press(page)
    expect(frame.get_by_text("Tea dress").first).to_be_visible()
    expect(frame.locator("[name=photo]")).to_have_count(0)
    page.goto(f"{sites.tryon}/try-on/")
    expect(page.locator("[name=photo]")).to_have_count(0)


def test_without_any_cookie_a_window_of_its_own_is_offered(sites, browse):
    context = browse(ALL_BLOCKED)
    page = context.new_page()
    page.goto(f"{sites.at('shop')}/dress")
    frame = press(page)
    expect(
        frame.get_by_text("Your browser keeps no cookies here").first
    ).to_be_visible()
    with context.expect_page() as opened:
        frame.get_by_role("link", name="Open it in a new window").click()
    window = opened.value
    expect(window.get_by_text("You came from shop.test")).to_be_visible()
    expect(window.locator("[data-outfit-name]")).to_have_text("Tea dress")


def test_the_window_works_where_only_frames_keep_no_cookie(sites, browse):
    first_party = {f"{sites.tryon},{sites.tryon}": {"setting": 1}}
    settings = {
        **ALL_BLOCKED,
        "content_settings": {"exceptions": {"cookies": first_party}},
    }
    context = browse(settings)
    page = context.new_page()
    page.goto(f"{sites.at('shop')}/dress")
    frame = press(page)
    with context.expect_page() as opened:
        frame.get_by_role("link", name="Open it in a new window").click()
    window = opened.value
    add_photo(window, "amal")
    window.locator("[data-go]").click()
    expect(window.locator(".result-page")).to_be_visible(timeout=60_000)
    expect(window.get_by_role("link", name="Back to the product")).to_be_visible()


def test_a_page_that_is_not_in_the_list(sites, browse):
    page = browse().new_page()
    page.goto(f"{sites.at('evil')}/dress")
    page.wait_for_load_state("networkidle")
    expect(page.locator("fitting-room-button")).to_be_hidden()
    for path in ("/frame/try-on/?garment=FR-3039", "/", "/try-on/"):
        assert frame_text(page, sites.tryon + path) == ""
    page.goto(f"{sites.at('shop')}/dress")
    for path in ("/", "/try-on/", "/gallery/", "/account/login/"):
        assert frame_text(page, sites.tryon + path) == ""
    assert "Tea dress" in frame_text(
        page, f"{sites.tryon}/frame/try-on/?garment=FR-3039"
    )


def frame_text(page: Any, address: str) -> str:
    """What of that address a page can show in a frame of its own."""
    page.evaluate(
        """address => new Promise(done => {
          document.querySelector("iframe.mine")?.remove();
          const frame = document.createElement("iframe");
          frame.className = "mine"; frame.src = address; frame.onload = done;
          document.body.append(frame);
        })""",
        address,
    )
    element = page.locator("iframe.mine").element_handle().content_frame()
    if not element.url.startswith("https://tryon"):
        return ""
    try:
        return str(element.locator("body").inner_text(timeout=5000))
    except Error:
        return ""


def test_messages_of_strangers_are_not_heard(sites, browse):
    page = browse().new_page()
    page.goto(f"{sites.at('shop')}/dress")
    frame = press(page)
    expect(frame.get_by_text("Tea dress").first).to_be_visible()
    page.evaluate("postMessage({fittingRoom: 'basket', sku: 'FR-3039'}, '*')")
    page.evaluate(
        """origin => new Promise(done => {
          const frame = document.createElement("iframe");
          frame.src = origin + "/frame/try-on/?garment=FR-1042";
          frame.onload = () => setTimeout(done, 500);
          document.body.append(frame);
        })""",
        sites.tryon,
    )  # says hello from a window that is not the button's
    assert [event["name"] for event in told(page)] == ["open"]
    expect(page.locator("#basket")).to_have_text("0")
    assert is_open(page)


def test_keyboard_and_history(sites, browse):
    page = browse(viewport=DESKTOP).new_page()
    page.goto(f"{sites.at('shop')}/dress")
    button = page.get_by_role("button", name="See it on me")
    entries = page.evaluate("history.length")

    def focused() -> str:
        return str(
            page.evaluate(
                "document.activeElement.shadowRoot?.activeElement?.tagName ?? ''"
            )
        )

    button.focus()
    page.keyboard.press("Enter")
    frame = page.frame_locator("fitting-room-button iframe")
    expect(frame.get_by_text("Tea dress").first).to_be_visible()
    assert focused() == "IFRAME"
    page.keyboard.press("Escape")  # with the focus in the frame
    expect(button).to_be_focused()
    assert not is_open(page)
    page.keyboard.press("Enter")
    frame.get_by_role("link", name="Your pictures").click()
    expect(frame.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("history.length") == entries + 1
    page.go_back()
    expect(button).to_be_focused()
    assert not is_open(page) and page.url == f"{sites.at('shop')}/dress"
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Close").click()
    expect(button).to_be_focused()
    names = [event["name"] for event in told(page)]
    assert names == ["open", "close"] * 3
    assert (
        page.evaluate("getComputedStyle(document.documentElement).overflowY")
        == "visible"
    )


SIZES = {"phone": PHONE, "desktop": DESKTOP, "zoomed": {"width": 640, "height": 450}}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_nothing_for_axe_to_say(sites, browse, size):
    """With the dialog open, on page and in frame; zoomed: 1280 px at 200 %."""
    page = browse(viewport=size, reduced_motion="reduce").new_page()
    page.goto(f"{sites.at('shop')}/dress")
    frame = press(page)
    expect(frame.get_by_text("Tea dress").first).to_be_visible()
    inside = page.locator("fitting-room-button iframe").element_handle().content_frame()
    for place in (page, inside):
        found = Axe().run(place)
        assert found.response["violations"] == [], found.generate_report()
        wide = "document.documentElement.scrollWidth <= innerWidth"
        assert place.evaluate(wide)
    close = page.get_by_role("button", name="Close").bounding_box()
    assert close["x"] + close["width"] <= size["width"]


def test_a_frame_that_never_answers(sites, browse):
    context = browse()
    page = context.new_page()
    page.clock.install()
    page.route(f"{sites.tryon}/frame/**", lambda route: None)  # hangs
    page.goto(f"{sites.at('shop')}/dress")
    page.clock.run_for(1000)
    page.get_by_role("button", name="See it on me").click()
    status = page.locator("fitting-room-button [part=status]")
    expect(status).to_have_text("The fitting room opens …")
    page.clock.run_for(8100)
    link = page.locator("fitting-room-button [part=status] a")
    expect(link).to_have_text("Open it in a new window")
    assert link.get_attribute("href").startswith(
        f"{sites.tryon}/try-on/?garment=FR-3039&return="
    )


def test_nothing_moves_and_nothing_is_asked_before_the_press(sites, browse):
    page = browse().new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.add_init_script(
        """globalThis.shift = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) globalThis.shift += entry.value;
        }).observe({ type: "layout-shift", buffered: true });"""
    )
    page.goto(f"{sites.at('shop')}/dress")
    page.get_by_role("button", name="See it on me").wait_for()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("shift") == 0
    ours = [
        url.removeprefix(sites.tryon) for url in asked if url.startswith(sites.tryon)
    ]
    assert ours[0] == "/embed.js"
    assert len(ours) == 2 and ours[1].startswith("/embed/garments?")


def test_twenty_buttons_ask_once(sites, browse):
    page = browse().new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{sites.at('shop')}/dress")
    page.get_by_role("button", name="See it on me").wait_for()
    page.evaluate(
        """() => { for (const sku of ["FR-1042", "FR-2040", "FR-0000"]) {
          const button = document.createElement("fitting-room-button");
          button.setAttribute("sku", sku);
          button.lang = "de";
          document.body.append(button);
        } }"""
    )
    expect(page.get_by_role("button", name="An mir ansehen")).to_have_count(2)
    expect(page.locator("[sku=FR-0000]")).to_be_hidden()
    assert len([url for url in asked if "/embed/garments" in url]) == 2


def test_without_javascript_it_is_a_link(sites, browse):
    page = browse(java_script_enabled=False).new_page()
    page.goto(f"{sites.at('shop')}/dress")
    page.get_by_role("link", name="See it on me").click()
    expect(page.get_by_text("You came from shop.test")).to_be_visible()


def test_the_shopper_is_the_shops_customer(sites, browse):
    key = sites.live.manage("shop_key", "Embed").stdout.strip()
    context = browse()
    answer = context.request.post(
        f"http://127.0.0.1:{sites.live.port}/api/v1/embed-tokens",
        headers={"Authorization": f"Bearer {key}", "X-Forwarded-Proto": "https"},
        data={"customer": "shopper-1"},
    )
    assert answer.status == 201, answer.text()
    page = context.new_page()
    page.goto(f"{sites.at('shop')}/dress?token={answer.json()['token']}&lang=de")
    page.get_by_role("button", name="An mir ansehen").click()
    frame = page.frame_locator("fitting-room-button iframe")
    expect(frame.locator("html")).to_have_attribute("lang", "de")
    add_photo(frame)
    listed = context.request.get(
        f"http://127.0.0.1:{sites.live.port}/api/v1/photos?customer=shopper-1",
        headers={"Authorization": f"Bearer {key}", "X-Forwarded-Proto": "https"},
    )
    assert len(listed.json()["items"]) == 1
