"""Share links: for whoever has them, until they end."""

import io
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import Image

from tests import factories
from tests.conftest import StrictClient
from tryon import services
from tryon.models import Result, Share, Status, Vote
from tryon.pictures import normalise, storage


@pytest.fixture
def done(alice):
    return factories.try_on(alice, Status.COMPLETED)


@pytest.fixture
def link(done) -> Share:
    return services.create_share(
        try_on=done, days=7, with_photo=False, now=timezone.now()
    )


def address(link) -> str:
    return f"/s/{link.token}/"


def test_the_owner_makes_one(as_alice, done, settings):
    response = as_alice.post(f"/try-on/{done.pk}/share/", {"days": "7"}, follow=True)
    made = Share.objects.get()
    html = response.content.decode()
    assert settings.SITE_URL + address(made) in html
    assert "<svg" in html
    days = (made.expires_at - made.created_at).days
    assert (days, made.with_photo) == (7, False)
    assert len(made.token) == 22


@pytest.mark.parametrize("days", ["", "0", "31", "x", "-1"])
def test_other_times_are_refused(as_alice, done, days):
    response = as_alice.post(f"/try-on/{done.pk}/share/", {"days": days})
    assert response.status_code == 422
    assert not Share.objects.exists()


def test_nothing_to_share_before_there_is_a_picture(as_alice, alice):
    running = factories.try_on(alice, Status.PROCESSING)
    assert as_alice.get(f"/try-on/{running.pk}/share/").status_code == 404


def test_anybody_sees_the_picture_and_no_name(client, link, alice):
    response = client.get(address(link))
    html = response.content.decode()
    assert link.try_on.label in html
    assert alice.email not in html
    assert str(link.try_on.pk) not in html
    assert str(link.try_on.photo.pk) not in html
    assert 'name="robots" content="noindex' in html
    assert "noindex" in response["X-Robots-Tag"]
    picture = client.get(address(link) + "picture/")
    assert picture["Content-Type"] == "image/jpeg"
    assert "no-cache" in picture["Cache-Control"]


def tags(html: str) -> dict[str, str]:
    found = re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)"', html)
    return dict(found)


def test_a_messenger_finds_a_preview_it_shows(client, link, settings, media_files):
    before = media_files()
    told = tags(client.get(address(link)).content.decode())
    assert told["og:image"] == f"{settings.SITE_URL}{address(link)}preview.jpg"
    assert told["og:image:type"] == "image/jpeg"
    assert told["twitter:card"] == "summary_large_image"
    assert told["og:title"] == link.try_on.label
    # Whoever fetches it has no session, no cookies and no wish for WebP.
    preview = StrictClient().get(address(link) + "preview.jpg")
    assert preview["Content-Type"] == "image/jpeg"
    assert len(preview.content) < 300_000
    with Image.open(io.BytesIO(preview.content)) as image:
        size = (told["og:image:width"], told["og:image:height"])
        assert (image.format, image.size) == ("JPEG", tuple(map(int, size)))
    assert preview["Cache-Control"] == "private, no-cache"
    assert "noimageindex" in preview["X-Robots-Tag"]
    assert "Set-Cookie" not in preview.headers
    assert media_files() == before  # nothing is left that would have to be deleted


def test_a_preview_that_is_there_already_is_not_made_again(client, link, monkeypatch):
    first = client.get(address(link) + "preview.jpg")
    monkeypatch.setattr("tryon.pictures.link_preview.make_preview", pytest.fail)
    kept = {"If-None-Match": first["ETag"]}
    assert client.get(address(link) + "preview.jpg", headers=kept).status_code == 304


def test_a_preview_of_a_file_that_is_gone(client, link, done):
    storage.delete([done.result.file_name])
    assert client.get(address(link) + "preview.jpg").status_code == 404


def test_a_preview_waits_while_all_decoders_work(client, link, monkeypatch):
    monkeypatch.setattr("tryon.pictures.link_preview.LONGEST_WAIT", 0.01)
    with normalise.decoder(), normalise.decoder():
        response = client.get(address(link) + "preview.jpg")
    assert (response.status_code, response["Retry-After"]) == (503, "10")


def test_the_photo_only_where_the_owner_wants_it(client, link):
    assert client.get(address(link) + "photo/").status_code == 404
    Share.objects.update(with_photo=True)
    assert client.get(address(link) + "photo/").status_code == 200
    assert "photo/" in client.get(address(link)).content.decode()


def over(link, done, alice, how) -> None:
    now = timezone.now()
    if how == "ended":
        services.end_share(share=link, now=now)
    elif how == "run out":
        Share.objects.update(expires_at=now - timedelta(seconds=1))
    elif how == "deleted":
        services.delete_try_on(try_on=done, now=now, by=alice)
    elif how == "photo deleted":
        services.delete_photo(photo=done.photo, now=now, by=alice)
    elif how == "hidden":
        Result.objects.update(review_state="hidden")
    elif how == "account deleted":
        services.delete_owner(owner=alice, now=now)
    elif how == "never there":
        link.token = "x" * 22


@pytest.mark.parametrize(
    "how",
    [
        "ended",
        "run out",
        "deleted",
        "photo deleted",
        "hidden",
        "account deleted",
        "never there",
    ],
)
def test_whatever_ended_it_the_answer_is_the_same(client, link, done, alice, how):
    over(link, done, alice, how)
    page = client.get(address(link))
    assert page.status_code == 404
    assert "This link has ended" in page.content.decode()
    assert client.post(address(link), {"vote": "up"}).status_code == 404
    assert client.get(address(link) + "picture/").status_code == 404
    assert client.get(address(link) + "photo/").status_code == 404
    kept = {"If-None-Match": f'"{done.result.stem}-preview"'}
    for headers in ({}, kept):
        preview = client.get(address(link) + "preview.jpg", headers=headers)
        assert preview.status_code == 404


def test_where_the_shop_looks_first_a_link_waits(client, link, settings):
    settings.TRYON_REVIEW = "all"
    assert client.get(address(link)).status_code == 404
    Result.objects.update(review_state="approved")
    assert client.get(address(link)).status_code == 200


def test_friends_vote_once_a_browser_and_may_change_it(client, link):
    client.post(address(link), {"vote": "up", "comment": "Lovely"})
    html = client.get(address(link)).content.decode()
    assert "It looks good to 1 of 1." in html
    assert "Lovely" not in html
    client.post(address(link), {"vote": "down"})
    StrictClient().post(address(link), {"vote": "up"})
    assert sorted(Vote.objects.values_list("up", flat=True)) == [False, True]


def test_only_the_owner_reads_the_words(as_alice, client, link, done):
    client.post(address(link), {"vote": "up", "comment": "Lovely <b>"})
    html = as_alice.get(f"/try-on/{done.pk}/share/").content.decode()
    assert "Lovely &lt;b&gt;" in html


def test_a_vote_of_nothing(client, link):
    response = client.post(address(link), {"comment": "x" * 141})
    assert response.status_code == 422
    assert "Say yes or no." in response.content.decode()


def test_voting_is_slowed_down(link):
    codes = [
        StrictClient().post(address(link), {"vote": "up"}).status_code
        for _ in range(25)
    ]
    assert codes == [302] * 20 + [429] * 5
    assert link.votes.count() == 20


def test_ending_is_for_the_owner(as_alice, as_bob, link):
    assert as_bob.post(f"/shares/{link.pk}/end/").status_code == 404
    assert as_alice.post(f"/shares/{link.pk}/end/").status_code == 302
    assert not Share.objects.open(timezone.now()).exists()


def test_signing_in_brings_links_along(link, alice, bob):
    guest = factories.User.objects.get_or_create_guest("b", factories.NOW)
    theirs = factories.try_on(guest, Status.COMPLETED)
    made = services.create_share(
        try_on=theirs, days=1, with_photo=False, now=timezone.now()
    )
    services.claim_guest(guest=guest, owner=bob)
    assert Share.objects.filter(try_on__owner=bob).get() == made
