"""Staff make feeds, ask for syncs, read what they did and edit the rules."""

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile as File

from tests.conftest import StrictClient
from tests.factories import NOW
from tests.tryon.feeds.shop import RSS
from tryon import feeds, tasks
from tryon.models import Feed, FeedItem, Garment, KindRule

ADD = "/admin/tryon/feed/add/"


@pytest.fixture
def editor(staff):
    staff.is_superuser = False
    staff.groups.add(Group.objects.get(name="Catalogue editor"))
    staff.save()
    client = StrictClient()
    client.force_login(staff)
    return client


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    monkeypatch.setattr(tasks, "_send", lambda *args, **kwargs: None)


def page_of(feed: Feed) -> str:
    return f"/admin/tryon/feed/{feed.pk}/report/"


def test_from_the_address_to_the_report(editor, shop):
    shop.serve_items(
        shop.item("A"), shop.item("B", google_product_category=""), shop.item("")
    )
    fields = {"name": "Shop", "address": shop.address, "every_hours": 6, "is_on": "on"}
    response = editor.post(ADD, fields)
    feed = Feed.objects.get()
    assert response["Location"] == page_of(feed)
    editor.post(page_of(feed), {"look": "1"})
    feed.refresh_from_db()
    assert feed.state == "looking"
    assert 'http-equiv="refresh"' in editor.get(page_of(feed)).content.decode()
    tasks.work_feed(str(feed.pk))
    html = editor.get(page_of(feed)).content.decode()
    assert "It would do" in html and "1 new, 0 changed" in html
    assert not Garment.objects.exists() and not FeedItem.objects.exists()
    assert shop.count() == 0
    editor.post(page_of(feed), {"sync": "1"})
    tasks.work_feed(str(feed.pk))
    html = editor.get(page_of(feed)).content.decode()
    assert "The last sync did" in html and "it fits no rule for kinds" in html
    assert Garment.objects.get().sku == "A"
    listed = editor.get("/admin/tryon/feed/").content.decode()
    assert page_of(feed) in listed
    assert (
        page_of(feed)
        in editor.get(f"/admin/tryon/feed/{feed.pk}/change/").content.decode()
    )


def test_while_it_is_busy_nobody_begins_another(editor, shop):
    feed = Feed.objects.create(name="Shop", address=shop.address)
    feeds.request_sync(feed=feed, now=NOW)
    claimed = Feed.take(feed.pk, NOW)
    assert claimed is not None
    Feed.objects.update(claimed_at="2100-01-01T00:00Z")
    response = editor.post(page_of(feed), {"sync": "1"}, follow=True)
    assert "going on already" in response.content.decode()


def test_an_uploaded_file(editor, shop, media_files):
    def upload(address, *items, **fields):
        body = RSS + "".join(items) + "</channel></rss>"
        data = {"name": "File", "every_hours": 24, "file": File("f.xml", body.encode())}
        return editor.post(address, {**data, **fields})

    upload(ADD, shop.item("A"))
    feed = Feed.objects.get()
    assert feed.file_name in media_files()
    feeds.request_sync(feed=feed, now=NOW)
    tasks.work_feed(str(feed.pk))
    assert Garment.objects.get().sku == "A"
    first = feed.file_name
    upload(f"/admin/tryon/feed/{feed.pk}/change/", shop.item("A"), shop.item("B"))
    feed.refresh_from_db()
    assert feed.file_name != first
    feeds.request_sync(feed=feed, now=NOW)
    tasks.work_feed(str(feed.pk))
    assert Garment.objects.count() == 2
    address = f"/admin/tryon/feed/{feed.pk}/delete/"
    assert "Piece" not in editor.get(address).content.decode()
    editor.post(address, {"post": "yes"})
    assert not Feed.objects.exists() and Garment.objects.catalogue().count() == 2


def test_old_files_go(editor, shop, media_files, django_capture_on_commit_callbacks):
    body = (RSS + shop.item("A") + "</channel></rss>").encode()
    fields = {"name": "File", "every_hours": 24}
    editor.post(ADD, {**fields, "file": File("f.xml", body)})
    change = f"/admin/tryon/feed/{Feed.objects.get().pk}/change/"
    with django_capture_on_commit_callbacks(execute=True):
        editor.post(change, {**fields, "file": File("f.xml", body)})
    assert len([name for name in media_files() if name.startswith("feed-")]) == 1
    with django_capture_on_commit_callbacks(execute=True):
        editor.post(change, {**fields, "address": shop.address})
    feed = Feed.objects.get()
    assert (feed.address, feed.file_name) == (shop.address, "")
    assert not [name for name in media_files() if name.startswith("feed-")]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "is needed"),
        ({"address": "http://a.example", "file": File("f", b"x")}, "not both"),
        ({"address": "ftp://a.example"}, "Enter a valid URL"),
        ({"address": "http://a.example", "every_hours": "0"}, "At least one hour"),
    ],
)
def test_what_is_no_feed(editor, fields, said):
    data = {"name": "Shop", "every_hours": "24", **fields}
    html = editor.post(ADD, data).content.decode()
    assert said in html and not Feed.objects.exists()


def test_another_address_is_read_anew(editor, shop):
    feed = Feed.objects.create(name="Shop", address=shop.address, etag="1")
    change = f"/admin/tryon/feed/{feed.pk}/change/"
    fields = {"name": "Shop", "every_hours": 6, "address": shop.address}
    editor.post(change, fields)
    feed.refresh_from_db()
    assert (feed.etag, feed.every_hours, feed.is_on) == ("1", 6, False)
    editor.post(change, {**fields, "address": shop.address + "2"})
    feed.refresh_from_db()
    assert feed.etag == ""


def test_rules_in_their_order_with_what_they_caught(editor, shop, sync):
    shop.serve_items(
        shop.item("A"), shop.item("B"), shop.item("C", google_product_category="187")
    )
    sync()
    html = editor.get("/admin/tryon/kindrule/").content.decode()
    assert html.count('class="field-caught"') == KindRule.objects.count()
    assert '<td class="field-caught">2</td>' in html
    rows = list(KindRule.objects.order_by("position", "pk"))
    data = {
        "form-TOTAL_FORMS": len(rows),
        "form-INITIAL_FORMS": len(rows),
        "_save": "Save",
    }
    for number, row in enumerate(rows):
        data |= {
            f"form-{number}-id": row.pk,
            f"form-{number}-words": row.words,
            f"form-{number}-kind": row.kind,
            f"form-{number}-reason": row.reason,
            f"form-{number}-position": 1000 - row.position,
        }
    assert editor.post("/admin/tryon/kindrule/", data).status_code == 302
    rows[0].refresh_from_db()
    assert rows[0].position == 990


def test_reviewers_may_not(shop, staff):
    staff.is_superuser = False
    staff.groups.add(Group.objects.get(name="Reviewer"))
    staff.save()
    client = StrictClient()
    client.force_login(staff)
    feed = Feed.objects.create(name="Shop", address=shop.address)
    assert client.get(page_of(feed)).status_code == 403
    assert client.post(page_of(feed), {"sync": "1"}).status_code == 403
