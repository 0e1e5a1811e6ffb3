"""The staff's lists: flat against the age of every table, and still found in."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin import site
from django.db import connection

from tests import factories
from tests.pages import flat
from tryon.admin import base
from tryon.models import ApiRequest, Photo, Result, Status, TryOn, User

LIST = "/admin/tryon/tryon/"


@pytest.fixture
def made(alice):
    return factories.try_on(alice, Status.COMPLETED)


def numbers(response) -> list:
    return [row.pk for row in response.context["cl"].result_list]


def test_a_try_on_is_found_by_each_of_its_names(as_staff, made, bob):
    factories.try_on(bob, Status.COMPLETED)
    for text in (str(made.pk), str(made.pk)[:8], made.remote_id, "alice@", "ALICE"):
        assert numbers(as_staff.get(LIST, {"q": text})) == [made.pk], text
    for text in ("nobody", "deadbeef", "%"):
        assert numbers(as_staff.get(LIST, {"q": text})) == [], text


def test_what_belongs_to_it_is_found_by_the_same(as_staff, made, bob):
    factories.try_on(bob, Status.COMPLETED)
    request = ApiRequest.objects.create(
        key=factories.key("a"),
        try_on=made,
        kind="poll",
        token=made.token,
        planned_at=factories.NOW,
    )
    for model, row in (("result", made.result), ("apirequest", request)):
        for text in (str(made.pk)[:8], "alice@example.org"):
            response = as_staff.get(f"/admin/tryon/{model}/", {"q": text})
            assert numbers(response) == [row.pk]


@pytest.mark.parametrize("model", ["tryon", "result", "photo"])
def test_months_begin_and_end_at_midnight(as_staff, alice, settings, model):
    settings.TIME_ZONE = "Europe/Berlin"
    ends = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)  # the first of November there
    begins = datetime(2026, 9, 30, 22, 0, tzinfo=UTC)  # before the clocks changed
    tick = timedelta(microseconds=1)
    kept = {"tryon": TryOn, "result": Result, "photo": Photo}[model]
    rows = []
    for at in (begins - tick, begins, ends - tick, ends):
        row = factories.try_on(alice, Status.COMPLETED, created_at=at)
        row = {"tryon": row, "result": row.result, "photo": row.photo}[model]
        kept.objects.filter(pk=row.pk).update(created_at=at)
        rows.append(row.pk)
    address = f"/admin/tryon/{model}/"
    response = as_staff.get(address, {"month": "2026-10"})
    assert set(numbers(response)) == {rows[1], rows[2]}
    for odd in ("2026-13", "x", "", "2026-10-01"):
        assert len(numbers(as_staff.get(address, {"month": odd}))) == 4
    choices = as_staff.get(address).context["cl"].filter_specs[-1].lookup_choices
    assert [value for value, _name in choices][-1] == "2026-09"


def test_a_long_list_is_counted_no_further_than_pages_go(as_staff, made, monkeypatch):
    monkeypatch.setattr(base, "MOST_COUNTED", 3)
    for _ in range(4):
        factories.try_on(made.owner)
    html = as_staff.get(LIST).content.decode()
    assert "3 try-ons and more" in html
    response = as_staff.get(LIST, {"status__exact": "completed"})
    assert "1 try-on" in flat(response.content.decode())
    assert not response.context["cl"].paginator.is_capped


@pytest.mark.parametrize("model", [TryOn, Result, Photo, ApiRequest, User])
def test_a_list_is_read_from_its_newest_row_on(as_staff, db, model):
    """No plan sorts the whole table, nor reads it where it is not to be counted."""
    admin = site.get_model_admin(model)
    rows = model.objects.order_by(*admin.get_ordering(None))[:100]
    plan = rows.explain() if connection.vendor == "sqlite" else ""
    assert "USE TEMP B-TREE FOR ORDER BY" not in plan
    assert admin.date_hierarchy is None
    assert admin.paginator is base.CappedPaginator
    assert not admin.show_full_result_count
