"""Every address of the site × who asks → what they get. One table, and it is whole."""

import uuid

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from tests import factories
from tests.conftest import StrictClient
from tests.factories import NOW
from tryon import exports, services
from tryon.models import Status

LOGIN = "login"  # a redirect to the log-in page
OWN = "own"  # a redirect elsewhere, or the page

# name: (anonymous, the owner, another customer, staff without rights, superuser)
TABLE = {
    "home": (200, 200, 200, 200, 200),
    "privacy": (200, 200, 200, 200, 200),
    "readyz": (200, 200, 200, 200, 200),
    "set_language": (302, 302, 302, 302, 302),
    "compose": (200, 200, 200, 200, 200),
    "updates": (LOGIN, 200, 200, 200, 200),
    "gallery": (LOGIN, 200, 200, 200, 200),
    "photos": (200, 200, 200, 200, 200),
    "garments": (200, 200, 200, 200, 200),
    "account": (LOGIN, 200, 200, 200, 200),
    "messages": (405, 405, 405, 405, 405),
    "withdraw_consent": (405, 405, 405, 405, 405),
    "export_everything": (405, 405, 405, 405, 405),
    "delete_all_pictures": (LOGIN, 200, 200, 200, 200),
    "delete_account": (LOGIN, 200, 200, 200, 200),
    "end_session": (405, 405, 405, 405, 405),
    "deletion_receipt": (200, 200, 200, 200, 200),
    "try_on": (LOGIN, 200, 404, 404, 404),
    "receipt": (LOGIN, 200, 404, 404, 404),
    "cancel_try_on": (405, 405, 405, 405, 405),
    "retry_try_on": (405, 405, 405, 405, 405),
    "send_again": (405, 405, 405, 405, 405),
    "delete_try_on": (LOGIN, 200, 404, 404, 404),
    "download_try_on": (LOGIN, 200, 404, 404, 404),
    "selected": (405, 405, 405, 405, 405),
    "compare": (LOGIN, 302, 302, 302, 302),
    "export": (LOGIN, 200, 404, 404, 404),
    "download_export": (LOGIN, 200, 404, 404, 404),
    "report_try_on": (LOGIN, 200, 404, 404, 404),
    "share": (LOGIN, 200, 404, 404, 404),
    "end_share": (405, 405, 405, 405, 405),
    "shared": (200, 200, 200, 200, 200),
    "shared_picture": (200, 200, 200, 200, 200),
    "shared_photo": (404, 404, 404, 404, 404),
    "fitting": (LOGIN, 200, 404, 404, 404),
    "favourite_try_on": (405, 405, 405, 405, 405),
    "favourite_garment": (405, 405, 405, 405, 405),
    "open_handoff": (405, 405, 405, 405, 405),
    "handoff": (LOGIN, 200, 404, 404, 404),
    "phone": (200, 200, 200, 200, 200),
    "photo": (LOGIN, 200, 404, 404, 404),
    "photo_report": (LOGIN, 200, 404, 404, 404),
    "repair_photo": (405, 405, 405, 405, 405),
    "delete_photo": (LOGIN, 200, 404, 404, 404),
    "delete_garment": (LOGIN, 200, 404, 404, 404),
    "media": (404, 200, 404, 404, 200),
}
POSTS = {
    "cancel_try_on": (LOGIN, 302, 404, 404, 404),
    "retry_try_on": (LOGIN, 302, 404, 404, 404),
    "send_again": (LOGIN, 302, 404, 404, 404),
    "delete_try_on": (LOGIN, 302, 404, 404, 404),
    "selected": (LOGIN, 302, 302, 302, 302),
    "report_try_on": (LOGIN, 422, 404, 404, 404),
    "share": (LOGIN, 422, 404, 404, 404),
    "end_share": (LOGIN, 302, 404, 404, 404),
    "favourite_try_on": (LOGIN, 302, 404, 404, 404),
    "favourite_garment": (LOGIN, 302, 404, 404, 404),
    "repair_photo": (LOGIN, 422, 404, 404, 404),
    "delete_photo": (LOGIN, 302, 404, 404, 404),
    "delete_garment": (LOGIN, 302, 404, 404, 404),
}
# Of other makers: allauth's own pages and the admin, each tested by its kind below.
FOREIGN = ("account_", "usersessions_", "admin:")


def names(patterns, prefix="") -> set[str]:
    found = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            found |= names(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern) and pattern.name:
            found.add(prefix + pattern.name)
    return found


def test_the_table_is_whole():
    everything = names(get_resolver().url_patterns)
    assert len(everything) > 40
    ours = {name for name in everything if not name.startswith(FOREIGN)}
    assert ours == set(TABLE)


@pytest.fixture
def people(alice, bob, staff):
    helper = factories.User.objects.create_user("helper@example.org", is_staff=True)
    clients = []
    for user in (None, alice, bob, helper, staff):
        client = StrictClient()
        if user is not None:
            client.force_login(user)
        clients.append(client)
    return clients


def addresses(alice) -> dict[str, list[str]]:
    """Each page and file that alice has, by the name of its address."""
    done = factories.try_on(alice, Status.COMPLETED)
    own = factories.garment(owner=alice)
    spare = factories.photo(alice)
    for row in (done.photo, own, done.result, spare):
        services.make_renditions(row=row, now=NOW)
    receipt = services.delete_photo(photo=factories.photo(alice), now=NOW, by=alice)
    handoff, secret = services.open_handoff(owner=alice, now=timezone.now())
    export = exports.ask(owner=alice, try_ons=[done], now=timezone.now())
    exports.make(pk=str(export.pk), now=timezone.now())
    link = services.create_share(
        try_on=done, days=1, with_photo=False, now=timezone.now()
    )
    one = f"/try-on/{done.pk}/"
    fitting, _new = services.create_fitting(
        owner=alice,
        photo=factories.photo(alice),
        garments=[own],
        now=NOW,
        token=uuid.uuid4(),
    )
    files = [
        f"/media/{name}"
        for row in (done.photo, own, done.result)
        for name in row.file_names
    ]
    return {
        "home": ["/"],
        "privacy": ["/privacy/"],
        "readyz": ["/readyz"],
        "set_language": ["/language/"],
        "compose": ["/try-on/"],
        "updates": [f"/try-on/updates/?card={done.pk}:queued"],
        "gallery": ["/gallery/"],
        "photos": ["/photos/"],
        "garments": ["/garments/", "/garments/?of=mine"],
        "account": ["/account/"],
        "messages": ["/account/messages/"],
        "withdraw_consent": ["/account/consent/"],
        "export_everything": ["/account/export/"],
        "delete_all_pictures": ["/account/delete-pictures/"],
        "delete_account": ["/account/delete/"],
        "end_session": ["/account/sessions/0/end/"],
        "deletion_receipt": [f"/deleted/{receipt.number}/"],
        "try_on": [one],
        "receipt": [one + "receipt/", one + "receipt/?format=json"],
        "cancel_try_on": [one + "cancel/"],
        "retry_try_on": [one + "retry/"],
        "send_again": [one + "send-again/"],
        "download_try_on": [one + "download/"],
        "delete_try_on": [one + "delete/"],
        "selected": ["/gallery/selected/"],
        "compare": [f"/gallery/compare/?id={done.pk}"],
        "export": [f"/exports/{export.pk}/"],
        "download_export": [f"/exports/{export.pk}/zip/"],
        "report_try_on": [one + "report/"],
        "share": [one + "share/"],
        "end_share": [f"/shares/{link.pk}/end/"],
        "shared": [f"/s/{link.token}/"],
        "shared_picture": [f"/s/{link.token}/picture/"],
        "shared_photo": [f"/s/{link.token}/photo/"],
        "fitting": [f"/fittings/{fitting.pk}/"],
        "favourite_try_on": [one + "favourite/"],
        "favourite_garment": [f"/garments/{own.pk}/favourite/"],
        "open_handoff": ["/photos/code/"],
        "handoff": [f"/photos/code/{handoff.pk}/"],
        "phone": [f"/p/{secret}/"],
        "photo": [f"/photos/{spare.pk}/"],
        "photo_report": [f"/photos/{spare.pk}/report/"],
        "repair_photo": [f"/photos/{spare.pk}/repair/"],
        "delete_photo": [f"/photos/{spare.pk}/delete/"],
        "delete_garment": [f"/garments/{own.pk}/delete/"],
        "media": files,
    }


def check(response, expected, address) -> None:
    if expected == LOGIN:
        assert response.status_code == 302, address
        assert response["Location"].startswith("/account/login/"), address
    else:
        assert response.status_code == expected, address


def test_who_gets_what(people, alice):
    found = addresses(alice)
    assert set(found) == set(TABLE)
    secret = [str(pk) for pk in alice.try_ons.values_list("pk", flat=True)]
    secret += list(alice.photos.values_list("stem", flat=True))
    for name, row in TABLE.items():
        for address in found[name]:
            for client, expected in zip(people, row, strict=True):
                response = client.get(address)
                check(response, expected, address)
                if client not in (people[1], people[4]) and not response.streaming:
                    body = response.content.decode()
                    assert not any(word in body for word in secret), address


def test_who_may_change_what(people, alice):
    found = addresses(alice)
    for name, row in POSTS.items():
        # The owner last, since afterwards it is gone.
        for index in (0, 2, 3, 4, 1):
            check(people[index].post(found[name][0]), row[index], name)
        if name == "delete_try_on":
            found = addresses(alice)


def test_admin_is_for_staff(people, alice):
    for address in ("/admin/", "/admin/tryon/tryon/", "/admin/tryon/photo/"):
        for client in people[:3]:
            response = client.get(address)
            assert response.status_code == 302
            assert "/admin/login/" in response["Location"]
        assert people[4].get(address).status_code == 200
    assert people[3].get("/admin/tryon/photo/").status_code == 403


def test_staff_need_the_permission_to_see_pictures(people, alice):
    from django.contrib.auth.models import Permission

    photo = factories.photo(alice)
    assert people[3].get(photo.url).status_code == 404
    helper = factories.User.objects.get(email="helper@example.org")
    helper.user_permissions.add(Permission.objects.get(codename="view_private_media"))
    assert people[3].get(photo.url).status_code == 200


def test_a_catalogue_picture_is_for_everybody(people):
    shop = factories.garment(sku="A-1")
    for client in people:
        assert client.get(shop.url).status_code == 200


def test_hidden_results_are_gone_for_their_owner(people, alice):
    done = factories.try_on(alice, Status.COMPLETED)
    type(done.result).objects.update(review_state="hidden")
    assert people[1].get(done.result.url).status_code == 404
    assert people[1].get(f"/try-on/{done.pk}/download/").status_code == 404


@pytest.mark.parametrize(
    "name",
    ["x.jpg", "photo-short.jpg", "../db.sqlite3", f"photo-{'a' * 22}.png", "a" * 300],
)
def test_odd_media_names(client, db, name):
    assert client.get(f"/media/{name}").status_code == 404


def test_unknown_try_on(as_alice):
    assert as_alice.get(f"/try-on/{uuid.uuid4()}/").status_code == 404
