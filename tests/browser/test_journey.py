"""What people do, in a real browser against the whole site."""

import re

import pytest

from tests.browser.conftest import DESKTOP, PHONE
from tests.conftest import openvto_assets
from tests.factories import picture_bytes

pytestmark = pytest.mark.browser

BAR = "document.querySelector('.wait [data-bar]')?.value ?? null"
TRY_ON = re.compile(r"/try-on/[0-9a-f-]{36}/(#.*)?$")


@pytest.fixture(scope="session")
def person_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("upload") / "me.png"
    path.write_bytes((openvto_assets() / "avatars" / "2.png").read_bytes())
    return str(path)


def choose(page, *names: str) -> None:
    for name in names:
        page.locator(".garment label", has_text=name).click()


def send(page) -> None:
    page.click("[data-go]")
    page.wait_for_url(TRY_ON)


def wait_for_result(page) -> None:
    page.wait_for_selector(".result-page img", timeout=30_000)


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_one_single_of_each_kind_and_a_combo(visit, person_file, viewport):
    visitor = visit(viewport=viewport)
    page = visitor.page
    visitor.sign_in()
    visitor.consent()
    with page.expect_response("**/photos/") as uploaded:
        page.set_input_files("[name=photo_file]", person_file)
    assert uploaded.value.status == 201
    assert page.locator(".photo input:checked").count() == 1
    side = "phone" if viewport == PHONE else "desktop"
    outfits = {
        "phone": [
            ["Breton top"],
            ["Slim jeans"],
            ["Tea dress"],
            ["Wool blazer", "Wide trousers"],
        ],
        "desktop": [
            ["Denim shirt"],
            ["Linen shorts"],
            ["Jumpsuit"],
            ["Trench coat", "Camel trousers"],
        ],
    }[side]
    for outfit in outfits:
        visitor.goto("/try-on/")
        choose(page, *outfit)
        page.wait_for_selector("[data-go]:has-text('Try it on')")
        send(page)
        values = []
        while (value := page.evaluate(BAR)) is not None:
            values.append(value)
            page.wait_for_timeout(100)
        assert values == sorted(values)
        assert len(set(values)) > 1, "live progress"
        wait_for_result(page)
        assert page.title().startswith("Ready: ")
        assert page.locator(".label.ai").inner_text() == "AI preview, not a size guide"
    visitor.goto("/gallery/")
    names = page.locator(".card .name").all_inner_texts()
    for outfit in outfits:
        assert any(name.startswith(outfit[0]) for name in names[:4])
    # Waits for the picture, and fails if it is none.
    page.locator(".card img").first.evaluate("image => image.decode()")


def test_first_visit_to_first_result_as_a_guest(visit, person_file):
    visitor = visit(viewport=PHONE)
    page = visitor.page
    visitor.goto("/")
    page.click("text=Try it now")
    page.wait_for_selector("[data-go]:has-text('Add a photo')")
    visitor.consent()
    page.set_input_files("[name=photo_file]", person_file)
    page.wait_for_selector("[data-go]:has-text('Choose a garment')")
    choose(page, "Oxford shirt")
    send(page)
    assert "You are a guest" in page.locator(".guest").inner_text()
    wait_for_result(page)
    page.click("text=Keep it: create an account")
    page.fill("[name=email]", f"guest{page.viewport_size['width']}@example.org")
    page.fill("[name=password1]", "a long password")
    page.click("button:has-text('Create an account')")
    page.wait_for_url("**/try-on/")
    visitor.goto("/gallery/")
    assert page.locator(".card").count() == 1


def test_choosing_a_full_body_piece_clears_top_and_bottom(visit):
    visitor = visit()
    page = visitor.page
    visitor.sign_in()
    choose(page, "Wool blazer", "Wide trousers")
    assert page.locator(".garment input:checked").count() == 2
    choose(page, "Wrap dress")
    assert page.locator(".garment input:checked").count() == 1
    choose(page, "Wrap dress")  # pressed again: taken off
    assert page.locator(".garment input:checked").count() == 0
    assert page.locator("[data-go]").inner_text() == "Choose a garment"


def test_back_to_compose_keeps_the_choice_and_the_button(visit):
    visitor = visit()
    page = visitor.page
    visitor.sign_in()
    choose(page, "Wool blazer", "Wide trousers")
    page.click("nav >> text=Gallery")
    page.wait_for_url("**/gallery/")
    page.go_back()
    page.wait_for_selector("[data-go]:not([disabled])")
    assert page.locator("[data-go]").inner_text() == "Try it on"
    assert page.locator(".thumbs img").count() == 3


def test_filters_keep_the_choice(visit):
    visitor = visit()
    page = visitor.page
    visitor.sign_in()
    choose(page, "Wool blazer")
    page.click(".chip:has-text('Bottoms')")
    page.wait_for_url("**kind=bottom**")
    assert page.locator(".garment input:checked").get_attribute("name") == "top"
    page.fill("[type=search]", "skirt")
    page.press("[type=search]", "Enter")
    page.wait_for_url("**q=skirt**")
    assert page.locator(".garment").count() == 3  # two skirts and the chosen blazer


def test_a_bad_file_is_told_beside_the_photo(visit, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_text("not a picture")
    visitor = visit()
    page = visitor.page
    visitor.sign_in()
    choose(page, "Wool blazer")
    visitor.consent()
    page.set_input_files("[name=photo_file]", str(bad))
    page.wait_for_selector("#photo-error .error")
    assert "not a picture we can read" in page.inner_text("#photo-error")
    assert page.locator(".garment input:checked").count() == 1


def test_with_the_keyboard_alone(visit):
    visitor = visit()
    page = visitor.page
    visitor.sign_in()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "top":
            break
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    assert page.locator(".garment input:checked").count() == 1
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.hasAttribute('data-go')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(TRY_ON)
    wait_for_result(page)
    page.wait_for_selector(".picture.on")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "range":
            break
    page.keyboard.press("Home")
    assert page.locator("input[type=range]").get_attribute("aria-valuetext") == (
        "100 % after"
    )


def test_without_javascript(visit, person_file):
    visitor = visit(java_script_enabled=False)
    page = visitor.page
    visitor.sign_in()
    visitor.consent()
    page.set_input_files("[name=photo_file]", person_file)
    choose(page, "Linen shirt", "Button skirt")
    page.click("[data-go]")
    page.wait_for_url(TRY_ON)
    assert page.locator("noscript meta, meta[http-equiv=refresh]").count() >= 1
    wait_for_result(page)
    assert page.locator(".picture figure").count() == 2


def test_a_failure_and_its_retry(visit, shop, tmp_path):
    me = tmp_path / "me.jpg"
    me.write_bytes(picture_bytes(800, 1000))
    visitor = visit(viewport=PHONE)
    page = visitor.page
    visitor.sign_in()
    visitor.consent()
    page.set_input_files("[name=photo_file]", str(me))
    page.wait_for_selector(".photo")
    shop.order(options={"fail_share": 1})
    choose(page, "Cable jumper")
    send(page)
    page.wait_for_selector("h1:has-text('It did not come out this time.')")
    shop.order(options={"fail_share": 0})
    page.click("button:has-text('Try again')")
    wait_for_result(page)


def test_deleting_a_picture(visit, tmp_path):
    visitor = visit()
    page = visitor.page
    visitor.sign_in()
    visitor.goto("/gallery/")
    before = page.locator(".card").count()
    page.locator(".card a", has_text="Oxford shirt").first.click()
    page.click(".tools >> text=Delete")
    page.click("button:has-text('Delete picture')")
    page.wait_for_url("**/gallery/")
    assert page.locator(".card").count() == before - 1
