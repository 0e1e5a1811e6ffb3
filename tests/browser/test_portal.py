"""The portal in a browser: fittings, photos mended and handed over, links, zips."""

import io
import re
import zipfile

import pytest
from PIL import Image, ImageEnhance

from tests.browser.conftest import PHONE
from tests.browser.test_journey import TRY_ON, choose, send, wait_for_result
from tests.conftest import openvto_assets

pytestmark = pytest.mark.browser
AVATARS = openvto_assets() / "avatars"


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Files as people have them: a sound one, a dark one, one from a phone's camera."""
    folder = tmp_path_factory.mktemp("pictures")
    sound = Image.open(AVATARS / "3.png").convert("RGB")
    sound.save(folder / "sound.jpg", quality=92)
    ImageEnhance.Brightness(sound).enhance(0.35).save(folder / "dark.jpg", quality=92)
    other = Image.open(AVATARS / "2.png").convert("RGB")
    ImageEnhance.Brightness(other).enhance(0.35).save(folder / "dim.jpg", quality=92)
    phone = Image.open(AVATARS / "4.png").convert("RGB").resize((3024, 4032))
    noise = Image.effect_noise(phone.size, 20).convert("RGB")
    Image.blend(phone, noise, 0.1).save(folder / "phone.jpg", quality=97)
    return folder


def new_photo(visitor, file) -> None:
    visitor.consent()
    with visitor.page.expect_response("**/photos/") as uploaded:
        visitor.page.set_input_files("[name=photo_file]", str(file))
    assert uploaded.value.status == 201


def test_a_fitting_of_five_with_one_failing(visit, shop, pictures):
    visitor = visit(viewport=PHONE)
    page = visitor.page
    visitor.sign_in()
    new_photo(visitor, pictures / "sound.jpg")
    page.click(".switch >> text=Several")
    page.wait_for_selector("[name=pieces]", state="attached")
    choose(page, "Wool blazer", "Oxford shirt", "Slim jeans", "Tea dress", "Jumpsuit")
    assert page.locator("[data-go]").inner_text() == "Make 5 pictures"
    shop.order(faults=[{"name": "status", "on": "submit", "next": 1, "value": 400}])
    page.click("[data-go]")
    page.wait_for_url("**/fittings/**")
    page.wait_for_selector("h1:has-text('4 of 5 are ready')", timeout=40_000)
    assert page.locator(".state-completed").count() == 4
    failed = page.locator(".state-failed")
    assert "could not be used" in failed.inner_text()
    failed.locator("a").click()
    page.wait_for_url(TRY_ON)
    assert page.locator(".button.primary").is_visible()


def test_the_report_card_and_a_repair(visit, pictures):
    visitor = visit()
    page = visitor.page
    visitor.sign_in()
    choose(page, "Wrap dress")
    new_photo(visitor, pictures / "dark.jpg")
    page.wait_for_selector(".verdict-line.advice:has-text('A little dark')")
    page.click("text=Brighten it")
    page.wait_for_selector(".verdict-line:has-text('Good to go')")
    assert page.locator(".garment input:checked").count() == 1
    page.click(".verdict-line >> text=Details")
    page.wait_for_selector("h2:has-text('This photo is good to go')")
    page.click("text=As it was")
    page.wait_for_selector("h2:has-text('One thing could be better')")


def test_crop_by_dragging(visit, pictures):
    visitor = visit()
    page = visitor.page
    visitor.sign_in()
    new_photo(visitor, pictures / "sound.jpg")
    page.click(".verdict-line >> text=Details")
    page.click("summary:has-text('Crop')")
    page.evaluate("scrollTo(0, 0)")
    area = page.locator("[data-crop-stage]").bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + area["width"] * 0.2, area["y"] + 10)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.8, area["y"] + area["height"] * 0.8)
    page.mouse.up()
    assert 18 < float(page.input_value("[name=crop_left]")) < 22
    before = page.url
    page.click("text=Crop it")
    page.wait_for_url(lambda url: url != before)
    width = int(page.locator("[data-crop-stage] img").get_attribute("width"))
    assert 440 < width < 480  # of 768


def test_a_big_picture_is_made_smaller_before_it_travels(visit, pictures):
    file = pictures / "phone.jpg"
    size = file.stat().st_size
    assert size > 3_000_000
    visitor = visit(viewport=PHONE)
    page = visitor.page
    visitor.sign_in()
    visitor.consent()
    with page.expect_request(
        lambda request: request.method == "POST" and request.url.endswith("/photos/")
    ) as sent:
        page.set_input_files("[name=photo_file]", str(file))
    assert int(sent.value.all_headers()["content-length"]) <= size / 5
    page.wait_for_selector("[data-upload-state]:has-text('Made smaller: ')")


def test_a_phone_sends_into_the_open_page(visit, pictures):
    desktop = visit()
    desktop.sign_in()
    page = desktop.page
    before = page.locator(".photo").count()
    desktop.consent()
    page.click("text=Photos on your phone? Show a code")
    address = page.locator(".code-address a").get_attribute("href")
    phone = visit(viewport=PHONE)
    phone.page.goto(address)
    phone.page.set_input_files("[name=photo_file]", str(pictures / "phone.jpg"))
    phone.page.wait_for_selector("h1:has-text('Sent')")
    page.wait_for_selector("[data-code-dialog]", state="hidden")
    assert page.locator(".photo").count() in (before, before + 1)
    assert page.locator(".photo input:checked").count() == 1
    phone.page.goto(address)
    phone.page.wait_for_selector("h1:has-text('This code has run out')")
    phone.complaints = [c for c in phone.complaints if "404" not in c]


def made(visitor, garment: str, pictures) -> str:
    """The page of a picture that is ready."""
    visitor.goto("/try-on/")
    new_photo(visitor, pictures / "sound.jpg")
    choose(visitor.page, garment)
    send(visitor.page)
    wait_for_result(visitor.page)
    return visitor.page.url


def test_a_failure_and_its_one_button(visit, shop, pictures):
    visitor = visit()
    page = visitor.page
    visitor.sign_in()
    new_photo(visitor, pictures / "sound.jpg")
    choose(page, "Cable jumper")
    failed = {"status": "FAILED", "errorMessage": "x"}
    shop.order(faults=[{"name": "fields", "on": "poll", "share": 1.0, "value": failed}])
    send(page)
    page.wait_for_selector("h1:has-text('It did not come out')", timeout=30_000)
    shop.order(faults=[])
    assert "The try came back." in page.locator(".lead").inner_text()
    page.click("button:has-text('Try again')")
    wait_for_result(page)


def test_share_open_vote_and_end(visit, pictures):
    owner = visit()
    owner.sign_in()
    page = owner.page
    made(owner, "Rollneck", pictures)
    page.click(".tools >> text=Share")
    page.click("text=Make a link")
    address = page.locator(".code-address a").first.get_attribute("href")
    friend = visit(viewport=PHONE)
    friend.page.goto(address)
    friend.page.locator(".picture img").first.evaluate("image => image.decode()")
    assert "customer@example.org" not in friend.page.content()
    friend.page.fill("[name=comment]", "Suits you")
    friend.page.click("button:has-text('Yes')")
    friend.page.wait_for_selector("text=It looks good to 1 of 1.")
    page.reload()
    assert page.locator("text=Suits you").is_visible()
    page.locator("text=End it now").first.click()
    page.wait_for_selector("text=The link has ended.")
    friend.page.reload()
    friend.page.wait_for_selector("h1:has-text('This link has ended')")
    friend.complaints = [c for c in friend.complaints if "404" not in c]


def test_gallery_filter_heart_compare_and_back(visit, pictures):
    visitor = visit()
    page = visitor.page
    visitor.sign_in()
    made(visitor, "Camel trousers", pictures)
    visitor.goto("/gallery/")
    page.locator(".card .heart").first.click()
    page.wait_for_selector(".card .heart[aria-pressed=true]")
    page.click(".chip:has-text('Favourites')")
    page.wait_for_url("**favourites=1**")
    assert page.locator(".card").count() == 1
    page.go_back()
    page.wait_for_selector(".card .heart[aria-pressed=true]")
    page.click("text=Select")
    page.wait_for_selector("[data-pick]", state="attached")
    boxes = page.locator(".card.state-completed label")
    boxes.nth(0).click()
    assert page.locator("[data-compare]").is_disabled()
    boxes.nth(1).click()
    page.click("button:has-text('Compare')")
    page.wait_for_url("**/gallery/compare/**")
    page.click("text=Larger")
    assert page.locator(".zoom.large").count() == 2
    page.go_back()
    page.wait_for_selector("[data-gallery]")
    page.keyboard.press("Escape")
    page.wait_for_selector("a:has-text('Select')")


def test_several_as_one_zip_and_deleted(visit, pictures):
    visitor = visit(viewport=PHONE)
    page = visitor.page
    visitor.sign_in()
    made(visitor, "Pleated skirt", pictures)
    visitor.goto("/gallery/?select=1")
    before = page.locator(".card").count()
    boxes = page.locator(".card.state-completed label")
    boxes.nth(0).click()
    boxes.nth(1).click()
    assert page.locator("[data-count]").inner_text() == "2 selected"
    page.click("button:has-text('Download')")
    page.wait_for_selector("h1:has-text('Your zip is ready')")
    with page.expect_download() as fetched:
        page.click("a:has-text('Download')")
    archive = zipfile.ZipFile(io.BytesIO(fetched.value.path().read_bytes()))
    assert sum(name.endswith(".jpg") for name in archive.namelist()) == 2
    visitor.goto("/gallery/?select=1")
    page.locator(".card.state-completed label").nth(0).click()
    page.click("button:has-text('Delete')")
    page.click("button:has-text('Delete 1 picture')")
    page.wait_for_selector("text=Deleted 1 picture.")
    assert page.locator(".card").count() == before - 1


def test_keyboard_alone(visit, pictures):
    """From the first Tab to a result, no mouse."""
    visitor = visit()
    page = visitor.page
    visitor.sign_in()
    new_photo(visitor, pictures / "sound.jpg")
    page.keyboard.press("Tab")
    focused = "document.activeElement"
    for _ in range(60):
        if page.evaluate(f"{focused}.name === 'top'"):
            break
        page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.name === 'top'")
    outline = page.evaluate(
        f"getComputedStyle({focused}.closest('label').querySelector('.frame')).outlineStyle"
    )
    assert outline == "solid"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.locator("[name=top]:checked").count() == 1
    for _ in range(200):
        if page.evaluate(f"{focused}.hasAttribute('data-go')"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(TRY_ON)
    wait_for_result(page)
    assert page.evaluate(f"{focused}.tagName") == "H1"
    for _ in range(40):
        if page.evaluate(f"{focused}.type === 'range'"):
            break
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowRight")
    assert page.locator("[type=range]").input_value() == "51"


def test_without_javascript(visit, shop, pictures):
    """The whole path: upload, choose, wait, result, heart, share."""
    visitor = visit(java_script_enabled=False, viewport=PHONE)
    page = visitor.page
    visitor.sign_in()
    visitor.consent()
    page.set_input_files("[name=photo_file]", str(pictures / "dim.jpg"))
    page.locator(".garment label", has_text="Slip dress").click()
    page.click("[data-go]")
    page.wait_for_url(TRY_ON)
    page.wait_for_selector(".result-page", timeout=40_000)  # the page reloads itself
    assert page.locator(".picture img").count() == 2
    page.click("button:has-text('Favourite')")
    page.wait_for_selector("button[aria-pressed=true]")
    visitor.see_what_changed()
    page.wait_for_selector("text=changed outside the clothes")
    page.click(".tools >> text=Share")
    page.click("text=Make a link")
    assert re.search(r"/s/[\w-]{22}/", page.content())
    visitor.goto("/photos/")
    page.locator(".card a").first.click()
    page.wait_for_selector("h2:has-text('One thing could be better')")
    page.click("button:has-text('Brighten')")
    page.wait_for_selector("h2:has-text('This photo is good to go')")
    visitor.goto("/gallery/?select=1")
    page.locator(".card.state-completed label").nth(0).click()
    page.click("button:has-text('Download')")
    page.wait_for_selector("h1:has-text('Your zip is ready')")


def test_the_second_language(visit, pictures):
    visitor = visit(viewport=PHONE, locale="de-DE")
    page = visitor.page
    visitor.goto("/")
    page.click("text=Jetzt ausprobieren")
    new_photo(visitor, pictures / "sound.jpg")
    page.wait_for_selector(".verdict-line:has-text('Gut so')")
    choose(page, "Trench coat")
    page.click("[data-go]:has-text('Anprobieren')")
    page.wait_for_url(TRY_ON)
    assert "In Arbeit" in page.locator(".stages").inner_text()
    wait_for_result(page)
    assert page.title().startswith("Fertig: ")
    visitor.goto("/gallery/")
    page.click("button:has-text('English')")
    page.wait_for_selector("h1:has-text('Gallery')")
