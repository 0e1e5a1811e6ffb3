import io
import json
import uuid
from xml.etree import ElementTree

import pytest
from django.utils.html import strip_tags
from PIL import Image

from tests import factories
from tests.factories import NOW
from tests.pages import flat
from tryon import services
from tryon.models import FailureCode, Result, Status, TryOn
from tryon.models.states import UNDER_WAY
from tryon.pictures import storage
from tryon.presentation import progress
from tryon.web import poll_token


@pytest.mark.parametrize("status", list(Status))
def test_a_page_for_each_state(as_alice, alice, status):
    try_on = factories.try_on(alice, status)
    response = as_alice.get(f"/try-on/{try_on.pk}/")
    html = response.content.decode()
    assert response.status_code == 200
    assert html.count("<h1") == 1
    assert ("<progress" in html) == (status in UNDER_WAY)
    assert ('http-equiv="refresh"' in html) == (status in UNDER_WAY)


@pytest.mark.parametrize("code", list(FailureCode))
def test_each_failure_is_a_sentence_with_one_button(as_alice, alice, code):
    try_on = factories.try_on(
        alice, Status.FAILED, failure_code=code, failure_detail="500 SECRET_CODE"
    )
    html = as_alice.get(f"/try-on/{try_on.pk}/").content.decode()
    assert html.count('class="button primary"') == 1
    assert "The try came back." in html
    for word in ("SECRET_CODE", "failed", "Miragic", "API", "credit", "queue"):
        assert word not in strip_tags(html.partition("<main")[2])


def test_unconfirmed_offers_to_send_again(as_alice, alice):
    try_on = factories.try_on(alice, Status.UNCONFIRMED)
    page = f"/try-on/{try_on.pk}/"
    assert "not sure it arrived" in as_alice.get(page).content.decode()
    as_alice.post(page + "send-again/")
    try_on.refresh_from_db()
    assert try_on.status == Status.QUEUED


def test_a_result_is_new_until_it_was_opened(as_alice, alice):
    try_on = factories.try_on(alice, Status.COMPLETED)
    assert ">New<" in flat(as_alice.get("/gallery/").content.decode())
    as_alice.get(f"/try-on/{try_on.pk}/")
    assert ">New<" not in flat(as_alice.get("/gallery/").content.decode())


def test_hidden_and_being_checked(as_alice, alice, settings):
    try_on = factories.try_on(alice, Status.COMPLETED)
    Result.objects.update(review_state="hidden")
    assert (
        "Hidden by the shop" in as_alice.get(f"/try-on/{try_on.pk}/").content.decode()
    )
    Result.objects.update(review_state="unreviewed")
    settings.TRYON_REVIEW = "all"
    html = as_alice.get(f"/try-on/{try_on.pk}/").content.decode()
    assert "looks at each picture" in html


def test_cancel_and_too_late(as_alice, alice):
    queued = factories.try_on(alice)
    response = as_alice.post(f"/try-on/{queued.pk}/cancel/", follow=True)
    assert "The try came back" in response.content.decode()
    running = factories.try_on(alice, Status.PROCESSING)
    response = as_alice.post(f"/try-on/{running.pk}/cancel/", follow=True)
    assert "can no longer be stopped" in response.content.decode()


def test_retry(as_alice, alice, settings):
    failed = factories.try_on(alice, Status.FAILED)
    first = as_alice.post(f"/try-on/{failed.pk}/retry/")
    second = as_alice.post(f"/try-on/{failed.pk}/retry/")
    assert first["Location"] == second["Location"] != f"/try-on/{failed.pk}/"
    settings.TRYON_DAILY_LIMIT = 1
    other = factories.try_on(alice, Status.FAILED)
    response = as_alice.post(f"/try-on/{other.pk}/retry/", follow=True)
    assert "You have used today" in response.content.decode()


def test_retry_when_the_photo_is_gone(as_alice, alice):
    failed = factories.try_on(alice, Status.FAILED)
    TryOn.objects.update(photo=None)
    response = as_alice.post(f"/try-on/{failed.pk}/retry/", follow=True)
    assert "Choose them again" in response.content.decode()


def test_download_under_a_meaningful_name(as_alice, alice):
    piece = factories.garment(name="Wool blazer", sku="D-1")
    try_on = factories.try_on(alice, Status.COMPLETED, garment=piece)
    response = as_alice.get(f"/try-on/{try_on.pk}/download/")
    assert response["Content-Disposition"] == (
        'attachment; filename="fitting-room-wool-blazer-2026-05-12.jpg"'
    )
    assert "no-store" in response["Cache-Control"]


def test_a_download_says_that_a_model_made_it(as_alice, alice):
    done = factories.try_on(alice, Status.COMPLETED)
    response = as_alice.get(f"/try-on/{done.pk}/download/")
    data = b"".join(response.streaming_content)
    image = Image.open(io.BytesIO(data))
    packet = ElementTree.fromstring(image.info["xmp"])  # noqa: S314 our own
    assert (
        "/compositeWithTrainedAlgorithmicMedia" in ElementTree.tostring(packet).decode()
    )
    plain = Image.open(io.BytesIO(storage.read(done.result.file_name)))
    assert image.tobytes() == plain.tobytes()


def test_what_changed(as_alice, alice):
    done = factories.try_on(alice, Status.COMPLETED)
    page = f"/try-on/{done.pk}/"
    assert "What changed" not in as_alice.get(page).content.decode()
    services.make_renditions(row=done.result, now=NOW)
    html = as_alice.get(f"{page}?view=changed").content.decode()
    assert "changed outside the clothes" in html
    done.result.refresh_from_db()
    assert as_alice.get(done.result.changes_url)["Content-Type"] == "image/webp"
    assert "Full size" in as_alice.get(f"{page}?view=full").content.decode()


def test_report_a_problem(as_alice, alice):
    done = factories.try_on(alice, Status.COMPLETED)
    page = f"/try-on/{done.pk}/report/"
    assert as_alice.post(page, {}).status_code == 422
    response = as_alice.post(page, {"reason": "not_me", "text": "My sister"})
    assert response["Location"] == f"/try-on/{done.pk}/"
    done.result.refresh_from_db()
    assert done.result.flagged_at is not None
    assert done.result.reports.get().text == "My sister"


def test_delete_asks_first(as_alice, alice):
    try_on = factories.try_on(alice, Status.COMPLETED)
    page = f"/try-on/{try_on.pk}/delete/"
    assert "Delete this picture?" in as_alice.get(page).content.decode()
    as_alice.post(page)
    assert as_alice.get(f"/try-on/{try_on.pk}/").status_code == 404


# --- updates ---


def poll(client, *cards: str) -> dict:
    response = client.get("/try-on/updates/", {"card": cards})
    assert response.status_code == 200
    return json.loads(response.content)


def test_one_look_for_all_cards(as_alice, alice):
    queued = factories.try_on(alice)
    running = factories.try_on(alice, Status.PROCESSING)
    told = poll(as_alice, f"{queued.pk}:queued", f"{running.pk}:queued")
    assert set(told["cards"]) == {str(queued.pk), str(running.pk)}
    assert "html" not in told["cards"][str(queued.pk)]
    changed = told["cards"][str(running.pk)]
    assert "<li" in changed["html"]
    assert changed["heading"] in changed["html"]
    assert told["poll_in"] >= 1


def test_nothing_under_way_needs_no_other_look(as_alice, alice):
    done = factories.try_on(alice, Status.COMPLETED)
    assert poll(as_alice, f"{done.pk}:processing")["poll_in"] is None


def test_others_cards_are_not_told(as_bob, alice):
    mine = factories.try_on(alice)
    assert poll(as_bob, f"{mine.pk}:queued", "nonsense", ":", f"{uuid.uuid4()}:x") == {
        "cards": {},
        "poll_in": None,
        "running": 0,
    }


def test_an_unchanged_look_costs_two_queries_at_most(
    as_alice, alice, django_assert_num_queries
):
    cards = [f"{factories.try_on(alice).pk}:queued" for _ in range(3)]
    address = {"card": cards, "token": poll_token.sign_owner(alice)}
    as_alice.get("/try-on/updates/", address)  # asks for the forecast
    with django_assert_num_queries(2):
        told = as_alice.get("/try-on/updates/", address).json()
    assert len(told["cards"]) == 3


def test_a_change_is_told_in_full_to_its_owner_alone(as_alice, as_bob, alice):
    running = factories.try_on(alice, Status.PROCESSING)
    address = {"card": [f"{running.pk}:queued"], "token": poll_token.sign_owner(alice)}
    assert "html" in as_alice.get("/try-on/updates/", address).content.decode()
    assert as_bob.get("/try-on/updates/", address).json()["cards"] == {}


@pytest.mark.parametrize("proof", ["", "x", "MQ:1:forged"])
def test_a_forged_proof_is_none(client, alice, proof):
    queued = factories.try_on(alice)
    address = {"card": [f"{queued.pk}:queued"], "token": proof}
    assert client.get("/try-on/updates/", address).status_code == 302


def test_another_owners_proof_shows_nothing(client, alice, bob):
    queued = factories.try_on(alice)
    address = {"card": [f"{queued.pk}:queued"], "token": poll_token.sign_owner(bob)}
    assert client.get("/try-on/updates/", address).status_code == 302


# --- estimates ---


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "Any moment"),
        (2.9, "Any moment"),
        (12.4, "About 12 seconds"),
        (44, "About 40 seconds"),
        (88, "About 90 seconds"),
        (118, "About 2 minutes"),
        (150, "About 2½ minutes"),
    ],
)
def test_time_left(seconds, words):
    assert progress.describe_time_left(seconds) == words


@pytest.mark.parametrize(
    ("earlier", "words"),
    [
        (0, "You are next in line."),
        (1, "You are second in line. One picture comes first."),
        (2, "You are third in line. 2 pictures come first."),
        (30, "You are number 31 in line. 30 pictures come first."),
    ],
)
def test_place_in_line(earlier, words):
    assert progress.describe_place(earlier) == words


def test_places(alice):
    from datetime import timedelta

    first = factories.try_on(alice)
    second = factories.try_on(alice, created_at=first.created_at + timedelta(seconds=1))
    rows = list(TryOn.objects.all())
    progress.add_places(rows)
    assert {row.pk: row.place for row in rows} == {first.pk: 0, second.pk: 1}


def test_the_bar_never_goes_back(alice):
    from datetime import timedelta

    try_on = factories.try_on(alice, Status.PROCESSING)
    percents = []
    for age in (0, 5, 10, 20, 40, 80, 300, 599, 601, 5000):
        now = try_on.submitted_at + timedelta(seconds=age)
        percents.append(progress.Estimator(now).progress(try_on).percent)
    assert percents == sorted(percents)
    assert percents[-1] < 100


def test_past_patience_the_page_says_so(alice):
    from datetime import timedelta

    try_on = factories.try_on(alice, Status.PROCESSING)
    now = try_on.submitted_at + timedelta(seconds=700)
    told = progress.Estimator(now).progress(try_on)
    assert "24 hours" in told.line
    assert told.left is None


def test_a_stopped_shop_takes_a_short_break(alice, settings):
    settings.MIRAGIC_API_KEYS = ["sk_live_" + "t" * 43]
    factories.key(settings.MIRAGIC_API_KEYS[0], state="refused")
    told = progress.Estimator(factories.NOW).progress(factories.try_on(alice))
    assert "short break" in told.line


def test_a_fresh_shop_does_not_frighten_with_the_priors_tail(as_alice):
    html = as_alice.get("/try-on/").content.decode()
    assert "Usually 15 to 60 seconds" in html
