"""Two tabs of one browser: what happens in one does not spoil the other."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_journey import choose
from tests.browser.test_network import picture  # noqa: F401

pytestmark = pytest.mark.browser


@pytest.fixture
def two_tabs(visit):
    """A guest who looks at compose, and a function that signs in beside it."""
    visitor = visit()
    visitor.goto("/try-on/")
    first = visitor.page

    def sign_in():
        visitor.page = first.context.new_page()
        visitor.sign_in()
        visitor.page.close()
        visitor.page = first

    yield visitor, sign_in
    # A refusal is an error to Chromium.
    visitor.complaints = [told for told in visitor.complaints if "403" not in told]


def test_a_photo_sent_after_signing_in_elsewhere(two_tabs, picture):  # noqa: F811
    visitor, sign_in = two_tabs
    page = visitor.page
    choose(page, "Oxford shirt")
    sign_in()
    visitor.consent()
    with page.expect_response(lambda answer: answer.status == 201):
        page.set_input_files("[name=photo_file]", picture)
    expect(page.locator("[name=photo]:checked")).to_have_count(1)
    page.click("[data-go]")  # the form has the fresh token, too
    page.wait_for_url(re.compile(r"/try-on/[0-9a-f-]{36}/$"))


def test_make_pressed_after_signing_in_elsewhere(two_tabs, picture):  # noqa: F811
    visitor, sign_in = two_tabs
    page = visitor.page
    visitor.consent()
    with page.expect_response("**/photos/"):
        page.set_input_files("[name=photo_file]", picture)
    choose(page, "Oxford shirt")
    photo = page.locator("[name=photo]:checked").get_attribute("value")
    sign_in()
    page.click("[data-go]")
    page.wait_for_selector("h1:has-text('You signed in meanwhile')")
    page.click("text=Go on")
    expect(page.locator(f"[name=photo][value='{photo}']")).to_be_checked()
    expect(page.locator("[data-outfit-name]")).to_contain_text("Oxford shirt")
    page.click("[data-go]")
    page.wait_for_url(re.compile(r"/try-on/[0-9a-f-]{36}/$"))
