"""Pictures dropped and pasted, and what people drop that is none."""

import re
import shutil

import pytest
from playwright.sync_api import expect

from tests.browser.test_network import picture  # noqa: F401

pytestmark = pytest.mark.browser

LINK = "Only a link to the picture came along."
PASTED = "There is no picture in what you pasted."
FOLDER = "That is a folder. Choose one picture from it."
PHOTO, OWN = '[data-problem-of="photo_file"]', '[data-problem-of="garment_file"]'
ADDRESS = "https://shop.example/coat.webp"
# What browsers hand over for a picture that is dragged out of another tab.
FROM_A_TAB = [
    {"mimeType": "text/uri-list", "data": ADDRESS},
    {"mimeType": "text/html", "data": f'<img src="{ADDRESS}" alt="A coat">'},
]
PASTE = """([kind, data]) => {
  const clipboardData = new DataTransfer();
  if (kind) clipboardData.setData(kind, data);
  const options = { clipboardData, bubbles: true, cancelable: true };
  (document.activeElement ?? document.body).dispatchEvent(
    new ClipboardEvent('paste', options));
}"""


def drop(page, selector: str, items=(), files=()) -> None:
    """As the system tells it: through the browser, with real files."""
    page.locator(selector).first.scroll_into_view_if_needed()
    box = page.locator(selector).first.bounding_box()
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    items = [{"title": "", "baseURL": "", **item} for item in items]
    data = {"items": items, "files": list(files), "dragOperationsMask": 1}
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, **at, "data": data})


def told(page, place: str, sentence: str) -> None:
    expect(page.locator(place)).to_contain_text(sentence)
    expect(page.locator(place)).to_be_in_viewport()
    expect(page.locator("#live")).to_contain_text(sentence)


@pytest.fixture
def compose(visit):
    visitor = visit()
    visitor.sign_in()
    return visitor


@pytest.mark.parametrize(
    "items",
    [
        FROM_A_TAB,
        FROM_A_TAB[:1],
        FROM_A_TAB[1:],
        [{"mimeType": "text/plain", "data": "x"}],
    ],
    ids=["picture", "address", "html", "words"],
)
def test_a_picture_from_another_tab_says_what_to_do(compose, items):
    page = compose.page
    page.locator(".garment label").first.click()
    drop(page, ".tile.add", items=items)
    told(page, PHOTO, LINK)
    assert re.search(r"/try-on/$", page.url)
    assert page.locator(".garment input:checked").count() == 1


def test_a_folder_says_what_to_do(compose, tmp_path):
    (tmp_path / "holiday").mkdir()
    drop(compose.page, "#clothes h2", files=[str(tmp_path / "holiday")])
    told(compose.page, PHOTO, FOLDER)


def test_a_file_that_is_gone_is_said(compose, tmp_path):
    drop(compose.page, ".tile.add", files=[str(tmp_path / "gone.jpg")])
    told(compose.page, PHOTO, "That file cannot be read any more. Choose it again.")


def test_a_dropped_photo_is_taken_and_the_sentence_goes(compose, picture):  # noqa: F811
    page = compose.page
    compose.consent()
    drop(page, ".tile.add", items=FROM_A_TAB)
    told(page, PHOTO, LINK)
    with page.expect_response("**/photos/") as uploaded:
        drop(page, ".tile.add", files=[picture])
    assert uploaded.value.status == 201
    page.wait_for_selector(".photo input:checked", state="attached")
    expect(page.locator(PHOTO)).to_be_empty()


def test_a_photo_that_is_dropped_before_the_box_is_ticked_waits(
    visit,
    picture,  # noqa: F811
):
    visitor = visit()
    page = visitor.page
    visitor.goto("/try-on/")
    drop(page, ".tile.add", files=[picture])
    expect(page.locator(PHOTO)).to_contain_text("box")
    with page.expect_response("**/photos/") as uploaded:
        visitor.consent()
    assert uploaded.value.status == 201


def test_on_the_own_piece_it_is_the_piece(compose, picture):  # noqa: F811
    page = compose.page
    asked = []
    page.on("request", lambda request: asked.append(request.method))
    drop(page, ".own summary", items=FROM_A_TAB)
    told(page, OWN, LINK)
    drop(page, ".own summary", files=[picture])
    expect(page.locator(OWN)).to_be_empty()
    held = "document.querySelector('[name=garment_file]').files.length"
    page.wait_for_function(f"{held} === 1")
    assert "POST" not in asked


@pytest.mark.parametrize("path", ["/photos/", "/garments/?of=mine"])
def test_on_other_pages_with_a_field(compose, path):
    compose.goto(path)
    drop(compose.page, "h1", items=FROM_A_TAB)
    place = PHOTO if "photos" in path else OWN
    told(compose.page, place, LINK)
    assert compose.page.url.endswith(path)


def test_a_photo_dropped_on_the_page_of_photos(compose, picture):  # noqa: F811
    page = compose.page
    compose.goto("/photos/")
    before = page.locator(".grid .card").count()
    compose.consent()
    drop(page, "h1", files=[picture])
    expect(page.locator(".grid .card")).to_have_count(before + 1)


def test_words_that_are_pasted_say_what_to_do(compose):
    compose.page.evaluate(PASTE, ["text/plain", ADDRESS])
    told(compose.page, PHOTO, PASTED)


def test_words_go_into_fields_as_ever(compose):
    page = compose.page
    search = page.locator("[type=search]")
    search.focus()
    page.evaluate(PASTE, ["text/plain", "coat"])
    expect(page.locator(PHOTO)).to_be_empty()
    drop(page, "[type=search]", items=[{"mimeType": "text/plain", "data": "coat"}])
    expect(search).to_have_value("coat")
    expect(page.locator(PHOTO)).to_be_empty()


def test_a_picture_of_the_page_itself_means_nothing(compose):
    page = compose.page
    page.evaluate("document.dispatchEvent(new DragEvent('dragstart'))")
    drop(page, ".tile.add", items=FROM_A_TAB)
    expect(page.locator(PHOTO)).to_be_empty()
    page.evaluate("document.dispatchEvent(new DragEvent('dragend'))")
    drop(page, ".tile.add", items=FROM_A_TAB)
    told(page, PHOTO, LINK)


def test_a_file_that_goes_before_it_is_sent_is_said(visit, picture, tmp_path):  # noqa: F811
    """Moved, or changed by a cloud: the browser calls that a lost connection."""
    visitor = visit()
    page = visitor.page
    visitor.goto("/try-on/")
    file = tmp_path / "soon gone.jpg"
    shutil.copy(picture, file)
    page.set_input_files("[name=photo_file]", str(file))
    expect(page.locator(PHOTO)).to_contain_text("box")
    file.unlink()
    visitor.consent()
    gone = "That file cannot be read any more. Choose it again."
    expect(page.locator(PHOTO)).to_contain_text(gone)
