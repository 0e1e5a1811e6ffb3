"""What a browser lacks, forbids or never answers stands before nothing needed."""

import pytest

from tests.browser.conftest import PHONE
from tests.browser.test_journey import choose, send, wait_for_result
from tests.browser.test_network import picture  # noqa: F401

pytestmark = pytest.mark.browser

EACH = """
const onWindow = ['Notification', 'createImageBitmap', 'localStorage', 'sessionStorage',
  'indexedDB', 'caches', 'matchMedia', 'BroadcastChannel', 'IntersectionObserver',
  'ResizeObserver', 'requestIdleCallback', 'reportError', 'structuredClone',
  'OffscreenCanvas', 'visualViewport', 'PerformanceObserver'];
const onNavigator = ['clipboard', 'share', 'canShare', 'vibrate', 'wakeLock', 'locks',
  'permissions', 'serviceWorker', 'storage', 'sendBeacon', 'connection'];
const refuse = () => { throw new DOMException('Not here.', 'SecurityError'); };
const put = (object, name, get) =>
  Object.defineProperty(object, name, { configurable: true, get, set() {} });
"""
BROKEN = {
    "missing": """
        for (const name of onWindow) delete window[name];
        for (const name of onNavigator) delete Navigator.prototype[name];
        delete Intl.DateTimeFormat.prototype.resolvedOptions;""",
    "forbidden": """
        for (const name of onWindow) put(window, name, refuse);
        for (const name of onNavigator) put(Navigator.prototype, name, refuse);
        put(Document.prototype, 'cookie', refuse);
        history.replaceState = history.pushState = refuse;
        Element.prototype.setPointerCapture = refuse;""",
    # Chrome on Android: everything is there, and making one throws.
    "illegal constructor": """
        window.Notification = class {
          static permission = 'granted';
          static requestPermission = async () => 'granted';
          constructor() { throw new TypeError('Illegal constructor'); }
        };
        navigator.clipboard.writeText = async () => refuse();
        navigator.vibrate = refuse;
        Storage.prototype.setItem = refuse;""",
    "permission refused": """
        window.Notification = class {
          static permission = 'default';
          static requestPermission = async () => refuse();
        };
        window.createImageBitmap = async () => refuse();""",
    "never answered": """
        window.Notification = class {
          static permission = 'default';
          static requestPermission = () => new Promise(() => {});
        };
        HTMLCanvasElement.prototype.toBlob = () => {};
        navigator.clipboard.writeText = () => new Promise(() => {});""",
}


@pytest.mark.parametrize("how", BROKEN)
def test_from_the_photo_to_the_picture(visit, picture, how):  # noqa: F811
    visitor = visit(viewport=PHONE)
    page = visitor.page
    page.add_init_script(f"{{ {EACH} {BROKEN[how]} }}")
    visitor.sign_in()
    visitor.consent()
    with page.expect_response("**/photos/") as uploaded:
        page.set_input_files("[name=photo_file]", picture)
    assert uploaded.value.status == 201
    page.wait_for_selector(".photo input:checked", state="attached")
    choose(page, "Breton top")
    send(page)
    if how not in ("missing", "forbidden"):
        page.click("[data-tell]")
    wait_for_result(page)
    assert page.title().startswith("Ready: ")
    page.wait_for_selector(".picture.on")
    page.click(".tools >> text=Share")
    page.click("text=Make a link")
    page.wait_for_selector(".code-address a")


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_the_browser_names_its_zone(visit, zone):
    visitor = visit(timezone_id=zone)
    visitor.sign_in()
    visitor.goto("/photos/")
    cookies = {cookie["name"]: cookie for cookie in visitor.page.context.cookies()}
    assert cookies["tz"]["value"] == zone
    assert cookies["tz"]["sameSite"] == "Lax"
