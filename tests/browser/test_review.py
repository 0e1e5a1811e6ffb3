"""A reviewer decides twenty results by keyboard alone, and undoes one."""

import pytest

pytestmark = pytest.mark.browser

PAGE = "/admin/tryon/result/review/"


@pytest.fixture
def twenty(shop):
    """Twenty that customers reported wait in the queue, and no others."""
    script = """
from django.utils import timezone
from tests import factories
from tryon import services
from tryon.models import Result, User
Result.objects.pending().order_by().update(review_state="approved")
owner = User.objects.get(email="customer@example.org")
for _ in range(20):
    made = factories.try_on(owner, "completed", created_at=timezone.now())
    services.report_problem(
        result=made.result, reason="body", text="", by=owner, now=timezone.now()
    )
"""
    shop.manage("shell", "-v", "0", "-c", script)


def test_twenty_by_keyboard_and_one_undone(visit, shop, twenty):
    visitor = visit()
    page = visitor.page
    visitor.sign_in("staff@example.org")
    visitor.goto(PAGE)

    def left(n: int) -> None:
        page.wait_for_selector(
            f"#review[data-ready] [role=status]:has-text('{n} left.')"
        )

    left(20)
    for done in range(1, 20):
        if done % 3 == 0:
            page.keyboard.press("2")
            page.keyboard.press("h")
        else:
            page.keyboard.press("a")
        left(20 - done)
    page.keyboard.press("u")
    page.wait_for_selector("[role=status]:has-text('Undone. 2 left.')")
    page.keyboard.press("a")
    left(1)
    page.keyboard.press("a")
    page.wait_for_selector("text=All looked at.")


def test_keys_can_be_switched_off(visit, shop, twenty):
    visitor = visit()
    page = visitor.page
    visitor.sign_in("staff@example.org")
    visitor.goto(PAGE)
    page.locator("[data-keys-on]").uncheck()
    page.keyboard.press("a")
    page.keyboard.press("j")
    assert page.url.endswith(PAGE)
    page.reload()
    assert not page.locator("[data-keys-on]").is_checked()
    page.locator("[data-keys-on]").check()
    page.keyboard.press("j")
    page.wait_for_url("**at=**")
