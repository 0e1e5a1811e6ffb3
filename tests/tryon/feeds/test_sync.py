"""From a shop's feed to its catalogue, over real HTTP."""

from datetime import timedelta
from threading import Event

import pytest
import time_machine
from django.utils import timezone

from tests import factories
from tests.factories import picture_bytes
from tests.tryon.feeds.shop import Answer
from tryon import feeds, services, tasks
from tryon.feeds import fetching, taking
from tryon.models import Feed, FeedItem, Garment
from tryon.pictures import storage
from tryon.services import catalogue as csv_catalogue

COUNTS = "new", "changed", "pictures_replaced", "unchanged", "retired", "back"
DRESS, TOP = "2271", "212"


def counts(told) -> dict[str, int]:
    return {name: told[name] for name in COUNTS if told[name]}


def sentences(told) -> str:
    return " | ".join(problem["sentence"] for problem in told["problems"])


def catalogue() -> dict[str, Garment]:
    return {piece.sku: piece for piece in Garment.objects.catalogue()}


def test_a_feed_becomes_the_catalogue(shop, sync):
    shop.serve_items(
        shop.item("D-1", title="Linen dress"),
        shop.item("T-1", google_product_category=TOP),
        shop.item(
            "P-1", google_product_category="Apparel & Accessories > Clothing > Pants"
        ),
    )
    code, told = sync()
    assert (code, counts(told), told["problems"]) == (0, {"new": 3}, [])
    pieces = catalogue()
    kinds = {sku: piece.kind for sku, piece in pieces.items()}
    assert kinds == {"D-1": "full_body", "T-1": "upper_body", "P-1": "lower_body"}
    assert pieces["D-1"].name == "Linen dress"
    assert pieces["D-1"].product_url == "https://shop.example.org/D-1"
    assert shop.count() == 3
    code, told = sync()
    assert (code, counts(told)) == (0, {"unchanged": 3})
    assert shop.count() == 3


def test_a_feed_that_has_not_changed_is_not_sent(shop, sync):
    shop.serve_items(shop.item("A"), shop.item("", title="B"), headers={"ETag": '"1"'})
    code, first = sync()
    assert code == 1
    code, told = sync()
    assert shop.count(304, feed=True) == 1
    assert counts(told) == {"unchanged": 1}
    assert told["problems"] == first["problems"] != []


def test_an_unchanged_item_costs_no_write(
    shop, sync, django_assert_max_num_queries, monkeypatch
):
    shop.serve_items(*(shop.item(f"A{n}") for n in range(5)))
    sync()
    monkeypatch.setattr(FeedItem, "save", None)
    monkeypatch.setattr(Garment, "save", None)
    with django_assert_max_num_queries(30):
        sync()


# --- what changes ---------------------------------------------------------------------


def test_changed_fields_are_taken_without_a_picture(shop, sync):
    shop.serve_items(shop.item("A"), shop.item("B"))
    sync()
    shop.serve_items(
        shop.item("A", title="Another name", google_product_category=TOP),
        shop.item("B", link="https://shop.example.org/new"),
    )
    code, told = sync()
    assert (code, counts(told)) == (0, {"changed": 2})
    assert shop.count() == 2
    assert catalogue()["A"].name == "Another name"
    assert catalogue()["A"].kind == "upper_body"
    assert catalogue()["B"].product_url == "https://shop.example.org/new"


def test_a_picture_at_another_address_replaces_the_old(shop, sync):
    shop.serve_items(shop.item("A"), shop.item("B"))
    sync()
    before = catalogue()
    shop.serve_items(
        shop.item("A", image_link=shop.add_picture("A2.jpg")), shop.item("B")
    )
    code, told = sync()
    assert (code, counts(told)) == (0, {"pictures_replaced": 1, "unchanged": 1})
    after = catalogue()
    assert after["A"].pk == before["A"].pk and after["A"].stem != before["A"].stem
    assert after["A"].picture_changed_at is not None
    assert after["B"].stem == before["B"].stem


def test_the_same_picture_at_another_address_stays(shop, sync):
    shop.serve_items(shop.item("A"))
    sync()
    before = catalogue()["A"].stem
    shop.answers["/A.jpg?v=2"] = shop.answers["/A.jpg"]
    shop.serve_items(shop.item("A", image_link=f"{shop.url}/A.jpg?v=2"))
    assert counts(sync()[1]) == {"unchanged": 1}
    assert catalogue()["A"].stem == before


def test_a_picture_under_the_same_address_is_asked_for_when_it_is_due(shop, sync):
    shop.serve_items(shop.item("A"), shop.item("B"))
    sync()
    before = catalogue()
    shop.add_picture("A.jpg")
    assert counts(sync()[1]) == {"unchanged": 2}
    assert shop.count() == 2
    FeedItem.objects.update(picture_due_at=timezone.now())
    _code, told = sync()
    assert counts(told) == {"pictures_replaced": 1, "unchanged": 1}
    assert (shop.count(), shop.count(304)) == (3, 1)
    after = catalogue()
    assert after["A"].stem != before["A"].stem and after["B"].stem == before["B"].stem
    due = FeedItem.objects.filter(
        picture_due_at__gt=timezone.now() + taking.DUE_FROM / 2
    )
    assert due.count() == 2


@pytest.mark.parametrize("said", ["out_of_stock", "out of stock", "Nicht auf Lager"])
def test_what_is_sold_out_is_retired_and_comes_back(shop, sync, said):
    shop.serve_items(shop.item("A"), shop.item("B"))
    sync()
    shop.serve_items(shop.item("A", availability=said), shop.item("B"))
    code, told = sync()
    assert (code, counts(told)) == (0, {"retired": 1, "unchanged": 1})
    assert told["left_out"] == 1 and "1 out of stock" in told["notes"][0]
    assert set(catalogue()) == {"B"}
    assert counts(sync()[1]) == {"unchanged": 1}
    shop.serve_items(shop.item("A"), shop.item("B"))
    assert counts(sync()[1]) == {"back": 1, "unchanged": 1}
    assert set(catalogue()) == {"A", "B"}
    assert shop.count() == 2


def test_what_is_gone_is_retired_and_comes_back(shop, sync):
    shop.serve_items(shop.item("A"), shop.item("B"))
    sync()
    shop.serve_items(shop.item("B"))
    assert counts(sync()[1]) == {"retired": 1, "unchanged": 1}
    shop.serve_items(shop.item("A"), shop.item("B"))
    assert counts(sync()[1]) == {"back": 1, "unchanged": 1}
    assert shop.count() == 2


def test_only_what_the_feed_has_brought_is_retired(shop, sync):
    own = factories.garment(sku="OWN")
    shared = factories.garment(sku="A", kind="full_body", name="By hand")
    shop.serve_items(shop.item("A"), shop.item("B"))
    _code, told = sync()
    assert counts(told) == {"new": 1, "changed": 1}
    shared.refresh_from_db()
    stem = shared.stem
    assert shared.name == "Piece A" and shop.asked["/A.jpg", 200] == 0
    shop.serve_items(shop.item("B"))
    assert counts(sync()[1]) == {"unchanged": 1}
    assert set(catalogue()) == {"OWN", "A", "B"}
    shop.serve_items(
        shop.item("A", image_link=shop.add_picture("n.jpg")), shop.item("B")
    )
    assert counts(sync()[1]) == {"pictures_replaced": 1, "unchanged": 1}
    shared.refresh_from_db()
    own.refresh_from_db()
    assert shared.stem != stem and own.retired_at is None


def test_what_staff_retire_stays_so(shop, sync):
    shop.serve_items(shop.item("A"), shop.item("B"))
    sync()
    piece = Garment.objects.get(sku="A")
    services.retire_garment(garment=piece, now=timezone.now())
    shop.serve_items(shop.item("A", title="New name"), shop.item("B"))
    sync()
    assert set(catalogue()) == {"B"}


def test_what_staff_rename_stays_until_the_feed_says_another_name(shop, sync):
    shop.serve_items(shop.item("A"))
    sync()
    factories.rename(Garment.objects.get(), "Better name")
    shop.add_picture("A.jpg")
    FeedItem.objects.update(picture_due_at=timezone.now())
    assert counts(sync("--dry-run")[1]) == {"unchanged": 1}
    assert counts(sync()[1]) == {"pictures_replaced": 1}
    assert catalogue()["A"].name == "Better name"
    shop.serve_items(shop.item("A", title="New name"))
    assert counts(sync("--dry-run")[1]) == {"changed": 1}
    assert counts(sync()[1]) == {"changed": 1}
    assert catalogue()["A"].name == "New name"


def test_two_feeds_do_not_fight_for_a_piece(shop, sync):
    shop.serve_items(shop.item("A"))
    sync()
    shop.serve_items(shop.item("A", title="Other"), shop.item("B"))
    shop.answers["/second"] = shop.answers["/feed"]
    code, told = sync(source=f"{shop.url}/second")
    assert code == 1 and "another feed" in sentences(told)
    assert catalogue()["A"].name == "Piece A"


# --- the brake ------------------------------------------------------------------------


def test_not_too_many_are_retired_at_once(shop, sync, as_staff):
    names = [f"A{n}" for n in range(15)]
    shop.serve_items(*map(shop.item, names))
    sync()
    shop.serve_items(*map(shop.item, [*names[:10], "NEW"]))
    code, told = sync()
    assert code == 1
    assert counts(told) == {"new": 1, "unchanged": 10}
    assert "5 pieces would be retired at once" in sentences(told)
    assert len(catalogue()) == 16
    feed = Feed.objects.get()
    page = f"/admin/tryon/feed/{feed.pk}/report/"
    html = as_staff.get(page).content.decode()
    assert "5 pieces would be retired at once" in html
    assert "Retire all 5" in html
    as_staff.post(page, {"retire": "1"})
    tasks.work_feed(str(feed.pk))
    feed.refresh_from_db()
    assert (feed.report["retired"], feed.held, feed.problem) == (5, 0, "")
    assert not feed.may_retire_many
    assert len(catalogue()) == 11


def test_who_allowed_five_is_asked_again_about_ten(shop, sync):
    names = [f"A{n}" for n in range(15)]
    shop.serve_items(*map(shop.item, names))
    sync()
    shop.serve_items(*map(shop.item, names[:10]))
    sync()
    shop.serve_items(*map(shop.item, names[:5]))
    feed = Feed.objects.get()
    assert feeds.request_sync(feed=feed, now=timezone.now(), retire_many=True)
    feeds.continue_sync(pk=feed.pk, now=timezone.now())
    feed.refresh_from_db()
    assert (feed.report["retired"], feed.held) == (0, 10)
    assert len(catalogue()) == 15


@pytest.mark.parametrize(
    ("live", "gone", "retired"),
    [(20, 6, 6), (16, 5, 0), (10, 3, 3), (10, 4, 0), (5, 2, 0), (2, 1, 1)],
)
def test_where_the_brake_begins(shop, sync, live, gone, retired):
    """Over 30 %, but not with a single one."""
    names = [f"A{n}" for n in range(live)]
    shop.serve_items(*map(shop.item, names))
    sync()
    shop.serve_items(*map(shop.item, names[gone:]))
    assert sync()[1]["retired"] == retired


# --- variants -------------------------------------------------------------------------


def variant(shop, sku, picture="shared.jpg", **fields):
    if f"/{picture}" not in shop.answers:
        shop.add_picture(picture)
    url = f"{shop.url}/{picture}"
    return shop.item(sku, item_group_id="G", image_link=url, **fields)


def owners() -> dict[str, str]:
    rows = FeedItem.objects.exclude(garment=None).select_related("garment")
    return {row.sku: row.garment.sku for row in rows}


def test_variants_with_one_picture_are_one_piece(shop, sync):
    shop.serve_items(
        variant(shop, "S"), variant(shop, "M"), variant(shop, "RED", "red.jpg")
    )
    code, told = sync()
    assert (code, counts(told)) == (0, {"new": 2})
    assert "1 variant shares the picture of another." in told["notes"]
    assert owners() == {"S": "S", "M": "S", "RED": "RED"}
    assert shop.asked["/shared.jpg", 200] == 1
    assert counts(sync()[1]) == {"unchanged": 2}


def test_a_piece_stays_while_a_variant_of_it_is_there(shop, sync):
    shop.serve_items(variant(shop, "S"), variant(shop, "M"))
    sync()
    shop.serve_items(variant(shop, "M"))
    assert counts(sync()[1]) == {"unchanged": 1}
    assert set(catalogue()) == {"S"}
    shop.serve_items(variant(shop, "M", availability="out_of_stock"))
    assert counts(sync()[1]) == {"retired": 1}
    shop.serve_items(variant(shop, "M"))
    assert counts(sync()[1]) == {"back": 1}
    assert set(catalogue()) == {"S"}


def test_a_variant_that_gets_a_picture_of_its_own_becomes_a_piece(shop, sync):
    shop.serve_items(variant(shop, "S"), variant(shop, "M"), variant(shop, "L"))
    sync()
    shop.serve_items(
        variant(shop, "S", "new.jpg"), variant(shop, "M"), variant(shop, "L")
    )
    _code, told = sync()
    assert counts(told) == {"new": 1, "pictures_replaced": 1}
    assert owners() == {"S": "S", "M": "M", "L": "M"}


def test_a_picture_that_changes_for_all_variants_is_fetched_once(shop, sync):
    shop.serve_items(variant(shop, "S"), variant(shop, "M"))
    sync()
    shop.serve_items(variant(shop, "S", "new.jpg"), variant(shop, "M", "new.jpg"))
    assert counts(sync()[1]) == {"pictures_replaced": 1}
    assert owners() == {"S": "S", "M": "S"}
    assert shop.asked["/new.jpg", 200] == 1


# --- pictures -------------------------------------------------------------------------


def test_pictures_are_fetched_two_at_a_time(shop, sync):
    shop.delay = 0.05
    shop.serve_items(*(shop.item(f"A{n}") for n in range(6)))
    sync()
    assert shop.most_at_once == 2


def test_another_picture_where_the_first_cannot_be_read(shop, sync):
    good = shop.add_picture("good.jpg")
    shop.answers["/broken.jpg"] = Answer(b"no picture")
    shop.serve_items(
        shop.item("A", image_link=f"{shop.url}/none.jpg", additional_image_link=good),
        shop.item("B", image_link=f"{shop.url}/broken.jpg", additional_image_link=good),
        shop.item("C", image_link=f"{shop.url}/none.jpg"),
    )
    code, told = sync()
    assert code == 1 and counts(told) == {"new": 2}
    assert told["problems"] == [
        {
            "line": 6,
            "sku": "C",
            "sentence": "the picture is not there: its address answers 404",
        }
    ]
    shop.add_picture("none.jpg")
    code, told = sync()
    assert (code, counts(told)) == (0, {"new": 1, "unchanged": 2})


def test_a_picture_that_is_too_large(shop, sync, monkeypatch):
    monkeypatch.setattr(fetching, "MOST_PICTURE", 1000)
    shop.serve_items(shop.item("A"))
    code, told = sync()
    assert code == 1 and "the picture is larger than" in sentences(told)


@pytest.mark.parametrize("status", [429, 503])
def test_who_wants_fewer_requests_is_left_alone(shop, sync, status):
    shop.serve_items(*(shop.item(f"A{n}") for n in range(6)))
    for path, answer in shop.answers.items():
        if path != "/feed":
            answer.status = status
            answer.headers = {"Retry-After": "120"}
    code, told = sync()
    assert (code, counts(told), told["problems"]) == (0, {}, [])
    assert "6 pictures could not be fetched now" in told["notes"][0]
    assert shop.count(status) <= 2
    for answer in shop.answers.values():
        answer.status = 200
    fetching.pace.until.clear()
    assert counts(sync()[1]) == {"new": 6}


def test_a_short_pause_is_waited_for(shop, sync):
    shop.serve_items(*(shop.item(f"A{n}") for n in range(4)))
    busy = shop.answers["/A0.jpg"]
    busy.status, busy.headers = 429, {"Retry-After": "1"}
    _code, told = sync()
    assert counts(told) == {"new": 3}
    assert "1 picture could not be fetched now" in told["notes"][0]


def redirect(shop, path, to):
    shop.answers[path] = Answer(status=302, headers={"Location": to})


def test_redirects_are_followed_and_each_is_checked(shop, sync):
    good = shop.add_picture("good.jpg")
    redirect(shop, "/moved.jpg", "/good.jpg")
    redirect(shop, "/loop.jpg", "/loop.jpg")
    redirect(shop, "/inside.jpg", "http://10.0.0.1/secret")
    redirect(shop, "/meta.jpg", "http://169.254.169.254/latest/")
    redirect(shop, "/file.jpg", "file:///etc/passwd")
    assert good
    shop.serve_items(
        *(
            shop.item(name, image_link=f"{shop.url}/{name}.jpg")
            for name in ("moved", "loop", "inside", "meta", "file")
        )
    )
    code, told = sync()
    assert code == 1 and set(catalogue()) == {"moved"}
    by_sku = {one["sku"]: one["sentence"] for one in told["problems"]}
    assert "without an end" in by_sku["loop"]
    assert "no public address" in by_sku["inside"]
    assert "no public address" in by_sku["meta"]
    assert "no web address" in by_sku["file"]
    assert shop.asked["/loop.jpg", 302] == fetching.MOST_REDIRECTS + 1


def test_without_debug_this_machine_is_no_public_address(shop, sync, settings):
    shop.serve_items(shop.item("A"))
    settings.DEBUG = False
    code, told = sync()
    assert code == 2 and "no public address" in sentences(told)
    assert not shop.asked


def test_own_names_of_this_machine_only(shop, sync):
    shop.serve_items(shop.item("A", image_link="http://localtest.invalid/x.jpg"))
    code, told = sync()
    assert code == 0 and told["notes"]  # it does not answer: tried again


# --- again, at once, in the middle ----------------------------------------------------


def test_a_sync_that_breaks_off_goes_on(shop, sync, monkeypatch):
    """Whatever is raised, wherever: the next run ends with the same catalogue."""
    shop.serve_items(*(shop.item(f"A{n}") for n in range(6)))
    add, done = taking.services.add_garment, []

    def adding(**fields):
        made = add(**fields)
        done.append(made)
        if len(done) % 2:
            raise MemoryError  # a kill between the piece and its item
        return made

    monkeypatch.setattr(taking.services, "add_garment", adding)
    for _try in range(2):
        with pytest.raises(MemoryError):
            sync()
    monkeypatch.setattr(taking.services, "add_garment", add)
    code, _told = sync()
    assert (code, len(catalogue()), Garment.objects.count()) == (0, 6, 6)
    assert FeedItem.objects.filter(brought=True, pending=False).count() == 6
    assert shop.asked["/A0.jpg", 200] <= 2
    shop.serve_items(*(shop.item(f"A{n}") for n in range(1, 6)))
    assert counts(sync()[1]) == {"retired": 1, "unchanged": 5}


def test_work_goes_on_in_slices(shop):
    shop.serve_items(*(shop.item(f"A{n}") for n in range(5)))
    feed = Feed.objects.create(name="Shop", address=shop.address)
    now = timezone.now()
    assert feeds.request_sync(feed=feed, now=now)
    slices = 0
    while True:
        done = feeds.continue_sync(pk=feed.pk, now=timezone.now(), seconds=0)
        assert done is not None
        slices += 1
        if not done.more:
            break
    feed.refresh_from_db()
    assert slices == 6
    assert feed.report["new"] == 5
    assert shop.count(feed=True) == 1


def test_a_look_puts_off_no_sync_and_gives_none_up(shop):
    shop.serve_items(shop.item("A"))
    feed, now = Feed.objects.create(name="Shop", address=shop.address), timezone.now()
    assert feeds.request_sync(feed=feed, now=now, dry=True)
    feeds.continue_sync(pk=feed.pk, now=now)
    feed.refresh_from_db()
    assert feed.next_at == now + timedelta(hours=24)  # until somebody has looked
    later = now + timedelta(hours=5)
    assert feeds.request_sync(feed=feed, now=later, dry=True)
    feeds.continue_sync(pk=feed.pk, now=later)
    feed.refresh_from_db()
    assert feed.next_at == now + timedelta(hours=24)
    assert feeds.request_sync(feed=feed, now=later)
    assert Feed.take(feed.pk, later) is not None  # and its worker was killed
    much_later = later + timedelta(minutes=5)
    assert not feeds.request_sync(feed=feed, now=much_later, dry=True)
    feed.refresh_from_db()
    assert feed.state == "reading"


def test_a_worker_that_ends_gives_it_back_at_once(shop):
    shop.serve_items(shop.item("A"))
    feed = Feed.objects.create(name="Shop", address=shop.address)
    feeds.request_sync(feed=feed, now=timezone.now())
    done = feeds.continue_sync(pk=feed.pk, now=timezone.now(), stop=lambda: True)
    assert done is not None and done.more
    feed.refresh_from_db()
    assert feed.claim is None and feed.is_busy and feed.attempts == 0


def test_of_two_at_once_one_waits_off(shop):
    feed = Feed.objects.create(name="Shop", address=shop.address)
    now = timezone.now()
    asked = []
    shop.serve_items(shop.item("A"))
    shop.answers["/A.jpg"].act = lambda: asked.append(1)
    feeds.request_sync(feed=feed, now=now)
    assert Feed.take(feed.pk, now) is not None
    assert feeds.continue_sync(pk=feed.pk, now=now) is None
    assert not feeds.request_sync(feed=feed, now=now)
    assert feeds.begin_due(now=now) == []
    later = now + Feed.LEASE + timedelta(seconds=1)
    assert feeds.begin_due(now=later) == [feed]  # it was silent for too long
    assert feeds.continue_sync(pk=feed.pk, now=later) is not None
    assert len(asked) == 1


def test_who_lost_the_claim_writes_nothing_more(shop, monkeypatch):
    shop.serve_items(*(shop.item(f"A{n}") for n in range(4)))
    feed = Feed.objects.create(name="Shop", address=shop.address)
    feeds.request_sync(feed=feed, now=timezone.now())
    add = taking.services.add_garment

    def adding(**fields):
        Feed.objects.update(claim=None)
        return add(**fields)

    monkeypatch.setattr(taking.services, "add_garment", adding)
    feeds.continue_sync(pk=feed.pk, now=timezone.now())
    feed.refresh_from_db()
    assert feed.progress == {} and Garment.objects.count() == 1


def test_storage_that_is_away_is_waited_for(shop, sync, monkeypatch):
    from tryon.management.commands import sync_feed

    shop.serve_items(shop.item("A"), shop.item("B"))
    monkeypatch.setattr(sync_feed, "PAUSE", 0)
    add, tries = taking.services.add_garment, []

    def adding(**fields):
        tries.append(1)
        if len(tries) == 2:
            raise storage.Away("full")
        return add(**fields)

    monkeypatch.setattr(taking.services, "add_garment", adding)
    code, told = sync()
    assert (code, counts(told)) == (0, {"new": 2})


def test_beat_begins_what_is_due(shop, monkeypatch):
    shop.serve_items(shop.item("A"))
    sent = []
    monkeypatch.setattr(tasks, "_send", lambda task, *args, **kw: sent.append(args))
    on = Feed.objects.create(name="On", address=shop.address, every_hours=2)
    Feed.objects.create(name="Off", address=shop.address, is_on=False)
    tasks.sync_feeds()
    assert sent == [(str(on.pk),)]
    tasks.work_feed(str(on.pk))
    on.refresh_from_db()
    assert on.state == "waiting" and on.report["new"] == 1
    assert sent[1][0] == "garment"
    del sent[:]
    tasks.sync_feeds()
    assert sent == []
    with time_machine.travel(timezone.now() + timedelta(hours=2, minutes=1)):
        tasks.sync_feeds()
    assert sent == [(str(on.pk),)]


def test_a_csv_and_a_feed_know_each_others_pieces(shop, sync):
    from tests.catalogues import csv_of, run

    line = ["A", "By CSV", "dress", "a.jpg", ""]
    outcome = run(csv_of(line), {"a.jpg": picture_bytes()})
    assert isinstance(outcome, csv_catalogue.Outcome) and outcome.new == 1
    shop.serve_items(shop.item("a"), shop.item("B"))
    code, told = sync()
    assert code == 1 and "the catalogue has this SKU as A" in sentences(told)


def test_a_dead_reader_holds_nobody_up(shop, sync, monkeypatch):
    """The body comes byte by byte, for ever."""
    monkeypatch.setattr(fetching, "FEED_DEADLINE", 1)
    never = Event()

    def drip():
        while not never.wait(0.05):
            yield b" "

    shop.answers["/feed"] = Answer(chunks=drip())
    code, told = sync()
    never.set()
    assert code == 2 and "did not end within 1 s" in sentences(told)


def test_who_always_refuses_is_left_alone_ever_longer(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(fetching.time, "monotonic", lambda: now[0])
    pace = fetching.Pace()
    waits = []
    for _time in range(5):
        pace.pause("http://a/1", 1)
        pace.pause("http://a/2", 1)  # at the same moment: the same refusal
        waits.append(pace.find_wait("http://a/3"))
        now[0] += waits[-1]
    assert waits == [1, 2, 4, 8, 16]
    assert pace.find_wait("http://b/1") == 0
    pace.forget("http://a/1")
    pace.pause("http://a/1", 1)
    assert pace.find_wait("http://a/1") == 1
