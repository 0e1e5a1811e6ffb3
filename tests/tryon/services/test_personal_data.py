"""What a customer takes along, and what is left when everything was deleted."""

import io
import json
import zipfile
from datetime import timedelta

import jsonschema
import pytest
from django.apps import apps
from django.core import mail
from django.utils import timezone

from tests import factories
from tests.conftest import StrictClient
from tests.factories import NOW
from tryon import emails, services
from tryon.models import DeletionReceipt, Export, Photo, Status, TryOn, User
from tryon.services import exports
from vto_site.env import BASE_DIR

SCHEMA = json.loads((BASE_DIR / "docs" / "my-data.schema.json").read_text())


@pytest.fixture
def much(alice):
    """Something of everything that a customer can have."""
    done = factories.try_on(alice, Status.COMPLETED)
    for status in Status:
        factories.try_on(alice, status)
    factories.garment(owner=alice)
    services.make_renditions(row=done.result, now=NOW)
    services.set_favourite_garment(owner=alice, garment=done.garment, on=True)
    link = services.create_share(
        try_on=done, days=7, with_photo=True, now=timezone.now()
    )
    services.vote(share=link, voter="v", up=True, comment="Lovely", now=NOW)
    services.report_problem(
        result=done.result, reason="body", text="Odd", by=alice, now=NOW
    )
    services.open_handoff(owner=alice, now=NOW)
    export = exports.request_export(owner=alice, try_ons=[done], now=NOW)
    exports.make(pk=str(export.pk), now=NOW)
    return done


def test_the_copy_is_complete_and_fits_its_schema(as_alice, alice, much):
    response = as_alice.post("/account/export/")
    export = Export.objects.get(everything=True)
    exports.make(pk=str(export.pk), now=timezone.now())
    address = response["Location"] + "zip/"
    archive = zipfile.ZipFile(io.BytesIO(b"".join(as_alice.get(address))))
    assert archive.testzip() is None
    told = json.loads(archive.read("data.json"))
    jsonschema.validate(told, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert told["account"]["email"] == alice.email
    counts = {name: len(told[name]) for name in ("photos", "clothes", "pictures")}
    assert counts == {
        "photos": alice.photos.count(),
        "clothes": 1,
        "pictures": TryOn.objects.visible_to(alice).count(),
    }
    files = {row["file"] for name in counts for row in told[name] if row["file"]}
    assert files | {"data.json"} == set(archive.namelist())
    assert told["pictures"][-1]["state"] in Status
    assert "Lovely" in json.dumps(told)


def rows_with(text: str) -> list[str]:
    """Every table, every text column: where `text` still is."""
    found = []
    for model in apps.get_models():
        for row in model._default_manager.values():
            if any(text in str(value) for value in row.values()):
                found.append(f"{model.__name__}: {row}")
    return found


def test_deleting_the_account_leaves_nothing(
    alice, much, media_files, django_capture_on_commit_callbacks, settings
):
    client = StrictClient()
    client.post(
        "/account/login/", {"login": alice.email, "password": "a long password"}
    )
    address = f"/s/{much.shares.get().token}/"
    assert client.get(address).status_code == 200
    pictures = [much.photo.stem, much.result.stem, much.garment.stem]
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post("/account/delete/", {"email": "ALICE@example.org "})
    assert client.get("/gallery/").status_code == 302
    page = client.get(response["Location"]).content.decode()
    assert "Receipt " in page
    catalogue = {
        name
        for row in apps.get_model("tryon", "Garment").objects.filter(owner=None)
        for name in row.file_names
    }
    assert set(media_files()) <= catalogue
    for word in (alice.email, *pictures[:2], "Lovely", "My sister"):
        assert rows_with(word) == []
    assert not User.objects.exists()
    assert not Photo.objects.exists()
    assert StrictClient().get(address).status_code == 404
    # The shop's count and the slots of requests on their way still hold.
    assert TryOn.objects.filter(owner=None, deleted_at__isnull=False).count() == 9
    receipt = DeletionReceipt.objects.get(account=True)
    assert (receipt.owner, receipt.links, receipt.pictures) == (None, 1, 9)


@pytest.mark.parametrize("email", ["", "bob@example.org", "alice"])
def test_the_e_mail_must_be_typed(as_alice, alice, email):
    response = as_alice.post("/account/delete/", {"email": email})
    assert response.status_code == 422
    assert User.objects.filter(pk=alice.pk).exists()


def test_deleting_all_pictures_keeps_the_account(
    as_alice, alice, much, django_capture_on_commit_callbacks
):
    assert (
        "Delete all your pictures?"
        in as_alice.get("/account/delete-pictures/").content.decode()
    )
    with django_capture_on_commit_callbacks(execute=True):
        as_alice.post("/account/delete-pictures/")
    assert not alice.photos.exists()
    assert not TryOn.objects.existing().exists()
    assert User.objects.filter(pk=alice.pk).exists()
    html = as_alice.get("/account/").content.decode()
    assert DeletionReceipt.objects.get().number in html


def test_deleting_one_picture_gives_a_receipt(as_alice, alice, much):
    response = as_alice.post(f"/try-on/{much.pk}/delete/", follow=True)
    receipt = DeletionReceipt.objects.get()
    assert f"Receipt {receipt.number}." in response.content.decode()
    assert (receipt.pictures, receipt.links, receipt.owner) == (1, 1, alice)


def test_an_opt_in_for_long_ones(as_alice, alice):
    """What was finished before is no news; `test_emails.py` has the rest."""
    done = factories.try_on(alice, Status.COMPLETED)
    long = {"created_at": NOW, "finished_at": NOW + timedelta(seconds=130)}
    TryOn.objects.filter(pk=done.pk).update(submitted_at=NOW, **long)
    as_alice.post("/account/messages/", {"tell_when_done": "on"})
    alice.refresh_from_db()
    assert alice.tell_when_done
    emails.tell_of_late_pictures(NOW)
    assert mail.outbox == []
