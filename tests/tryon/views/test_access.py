"""Every address of the site × who asks → what they get: access.txt, and it is whole."""

import copy
import uuid
from functools import partial
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile as File
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from tests import factories
from tests.conftest import StrictClient
from tests.factories import NOW, picture_bytes
from tryon import services
from tryon.models import (
    ApiRequest,
    CatalogueImport,
    EmbedCount,
    Feed,
    KindRule,
    Result,
    Status,
    Unfinished,
    User,
)
from tryon.services import exports, shop_keys, webhooks

pytestmark = pytest.mark.anywhere

# Who asks, the columns of access.txt. A helper is staff without any rights.
PEOPLE = (
    "anonymous",
    "guest",
    "owner",
    "other",
    "helper",
    "reviewer",
    "editor",
    "operator",
    "superuser",
)
ROLES = {"reviewer": "Reviewer", "editor": "Catalogue editor", "operator": "Operator"}
TABLES = Path(__file__).with_name("access.txt").read_text().split("\n\n")


def table(text: str) -> dict[str, dict[str, str]]:
    """Name of an address to what each of them gets, from lines of a table."""
    rows = [line.split() for line in text.splitlines() if line[:1] not in ("", "#")]
    return {row[0]: dict(zip(PEOPLE, row[1:], strict=True)) for row in rows}


TEXTS = ("text/", "application/json")
GETS, POSTS = (table(text) for text in TABLES)


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
    # The REST API has a table of its own: tests/tryon/api/access.txt.
    everything = {
        name
        for name in names(get_resolver().url_patterns)
        if not name.startswith("api:")
    }
    assert len(everything) > 140
    assert everything == set(GETS) == set(POSTS)


@pytest.fixture
def people(alice, bob, staff) -> dict[str, StrictClient]:
    users = {"anonymous": None, "owner": alice, "other": bob, "superuser": staff}
    users["helper"] = User.objects.create_user("helper@example.org", is_staff=True)
    for name, role in ROLES.items():
        users[name] = User.objects.create_user(f"{name}@example.org", is_staff=True)
        users[name].groups.add(Group.objects.get(name=role))
    clients = {}
    for name, user in users.items():
        clients[name] = StrictClient()
        if user is not None:
            clients[name].force_login(user)
    clients["guest"] = StrictClient()
    clients["guest"].post(
        "/photos/", {"photo_file": File("me.jpg", picture_bytes()), "consent": "on"}
    )
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
    export = exports.request_export(owner=alice, try_ons=[done], now=timezone.now())
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
        "metrics": ["/metrics"],
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
        "shared_preview": [f"/s/{link.token}/preview.jpg"],
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
        "problem": ["/problems/not-found/"],
        "api_unknown": ["/api/nothing"],
        "theme_css": ["/theme.css"],
        "theme_logo": ["/theme/logo"],
        "embed_script": ["/embed.js"],
        "embed_buttons": ["/embed/garments?sku=T-1"],
        "basket": [one + "basket/"],
        "keep": ["/keep/"],
        "keep_guest": ["/keep/no-such-proof/"],
    }


def staff_addresses(alice) -> dict[str, list[str]]:
    """The admin's pages, and those of people's accounts that others have made."""
    done = alice.try_ons.get(status=Status.COMPLETED)
    key = factories.key("sk_live_" + "x" * 43)
    request = ApiRequest.objects.create(
        key=key, try_on=done, kind="submit", token=uuid.uuid4(), planned_at=NOW
    )
    shop_key, _secret = shop_keys.create_shop_key(label="Shop", now=NOW)
    hook = webhooks.create_endpoint(
        url="https://shop.example.org/", events=["test"], now=NOW
    )
    webhooks.send_test(endpoint=hook, now=NOW)
    rows = {
        "tryon_user": alice,
        "tryon_photo": done.photo,
        "tryon_garment": factories.garment(sku="T-1"),
        "tryon_tryon": done,
        "tryon_result": done.result,
        "tryon_key": key,
        "tryon_apirequest": request,
        "tryon_catalogueimport": CatalogueImport.objects.create(created_at=NOW),
        "tryon_feed": Feed.objects.create(name="Shop", address="https://a.example"),
        "tryon_kindrule": KindRule.objects.create(field="title", words="cape"),
        "tryon_shopkey": shop_key,
        "tryon_webhookendpoint": hook,
        "tryon_webhookdelivery": hook.deliveries.get(),
        "tryon_embedcount": EmbedCount.objects.create(day=NOW, step="opened"),
        "tryon_unfinished": Unfinished.begin("guests", "1", NOW),
        "auth_group": Group.objects.get(name="Operator"),
        "account_emailaddress": EmailAddress.objects.create(
            user=alice, email=alice.email
        ),
        "mfa_authenticator": Authenticator.objects.create(
            user=alice, type="totp", data={"secret": "NEVERSHOWN"}
        ),
    }
    args = {
        f"admin:{model}_{page}": [row.pk]
        for model, row in rows.items()
        for page in ("change", "delete", "history")
    }
    args |= {
        "account_confirm_email": ["no-such-key"],
        "account_reset_password_from_key": ["1", "no-such-key"],
        "admin:app_list": ["tryon"],
        "admin:auth_user_password_change": [alice.pk],
        "admin:tryon_feed_report": [rows["tryon_feed"].pk],
        "admin:tryon_import_look": [rows["tryon_catalogueimport"].pk],
        "admin:tryon_webhook_again": [hook.pk],
        "admin:view_on_site": [
            ContentType.objects.get_for_model(User).pk,
            alice.pk,
        ],
    }
    foreign = ("account_", "mfa_", "usersessions_", "admin:")
    found = {}
    for name in GETS:
        if name in args or (name.startswith(foreign)):
            found[name] = [reverse(name, args=args.get(name, []))]
    return found


def outcome(response) -> str:
    """The status, or where a redirect leads if that is to sign in."""
    leads = response.headers.get("Location", "")
    for name, start in (("login", "/account/login/?"), ("admin", "/admin/login/?")):
        if response.status_code == 302 and leads.startswith(start):
            return name
    return str(response.status_code)


def undone(client, act) -> str:
    """What it answers; then nothing has happened."""
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        got = act()
        transaction.set_rollback(True)
    client.cookies = cookies
    return got


def wrong(people, table, found, send) -> list[str]:
    """Each of them asks for each address."""
    told = []
    for name, row in table.items():
        for who, expected in row.items():
            for address in found[name]:
                got = undone(people[who], partial(send, who, people[who], address))
                if got != expected:
                    told.append(f"{name} for {who}: {got}, not {expected} ({address})")
    return told


def test_who_gets_what(people, alice):
    found = addresses(alice)
    found |= staff_addresses(alice)
    secret = [str(pk) for pk in alice.try_ons.values_list("pk", flat=True)]
    secret += list(alice.photos.values_list("stem", flat=True))

    def get(who, client, address):
        response = client.get(address)
        if response.headers.get("Content-Type", "").startswith(TEXTS):
            body = response.content.decode()
            assert "NEVERSHOWN" not in body, address
            shown = any(word in body for word in secret)
            staff = address.startswith("/admin/") and who in ("reviewer", "operator")
            assert not shown or staff or who in ("owner", "superuser"), (who, address)
        return outcome(response)

    assert wrong(people, GETS, found, get) == []


def test_who_may_change_what(people, alice):
    found = addresses(alice)
    found |= staff_addresses(alice)
    found = {name: ways[:1] for name, ways in found.items()}

    def post(who, client, address):
        return outcome(client.post(address))

    assert wrong(people, POSTS, found, post) == []


def test_staff_need_the_permission_to_see_pictures(people, alice):
    photo = factories.photo(alice)
    assert people["helper"].get(photo.url).status_code == 404
    helper = User.objects.get(email="helper@example.org")
    helper.user_permissions.add(Permission.objects.get(codename="view_private_media"))
    assert people["helper"].get(photo.url).status_code == 200


def test_a_catalogue_picture_is_for_everybody(people):
    shop = factories.garment(sku="A-1")
    for client in people.values():
        assert client.get(shop.url).status_code == 200


def test_hidden_results_are_gone_for_their_owner(people, alice):
    done = factories.try_on(alice, Status.COMPLETED)
    Result.objects.update(review_state="hidden")
    assert people["owner"].get(done.result.url).status_code == 404
    assert people["owner"].get(f"/try-on/{done.pk}/download/").status_code == 404


@pytest.mark.parametrize(
    "name",
    ["x.jpg", "photo-short.jpg", "../db.sqlite3", f"photo-{'a' * 22}.png", "a" * 300],
)
def test_odd_media_names(client, db, name):
    assert client.get(f"/media/{name}").status_code == 404


def test_unknown_try_on(as_alice):
    assert as_alice.get(f"/try-on/{uuid.uuid4()}/").status_code == 404
