"""Pictures on an S3-compatible server: private there too, and gone when deleted."""

import io
import os
import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.conf import settings
from django.core.cache import caches
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.http import Http404
from django.test import Client
from django.test.utils import override_settings
from s3transfer.utils import ChunksizeAdjuster

from tests import factories, servers
from tests.conftest import missing_server
from tests.factories import NOW
from tryon import services
from tryon.models import DeletionReceipt, Status, TryOn, User
from tryon.pictures import storage
from tryon.services import exports
from tryon.views import serving
from vto_site import storage as backend


@pytest.fixture(scope="session")
def bucket() -> Iterator[dict[str, str]]:
    """The settings that lead to a server; the one of the whole run if there is one."""
    names = [name for name in os.environ if name.startswith("TEST_AWS_")]
    if names:
        yield {name[5:]: os.environ[name] for name in names}
        return
    with missing_server(), servers.s3() as (_server, found):
        yield found


@pytest.fixture
def on_s3(bucket, tmp_path) -> Iterator[Any]:
    options = {
        "bucket_name": bucket["AWS_STORAGE_BUCKET_NAME"],
        "endpoint_url": bucket["AWS_S3_ENDPOINT_URL"],
        "access_key": bucket["AWS_ACCESS_KEY_ID"],
        "secret_key": bucket["AWS_SECRET_ACCESS_KEY"],
        "region_name": bucket["AWS_S3_REGION_NAME"],
        "addressing_style": "path",
        "signature_version": "s3v4",
        "querystring_auth": True,
        "default_acl": None,
        "file_overwrite": True,
        "location": tmp_path.name + str(time.time_ns()),
    }
    there = {"BACKEND": "vto_site.storage.MediaStorage", "OPTIONS": options}
    with override_settings(
        STORAGES={**settings.STORAGES, "default": there},
        MEDIA_IS_LOCAL=False,
        AWS_S3_ENDPOINT_URL=bucket["AWS_S3_ENDPOINT_URL"],
    ):
        yield


def test_written_read_and_deleted(on_s3):
    storage.save("photo-x.jpg", ContentFile(b"one"))
    storage.save("photo-x.jpg", ContentFile(b"two"))
    assert storage.read("photo-x.jpg") == b"two"
    storage.delete(["photo-x.jpg", "photo-x.jpg"])
    with pytest.raises(FileNotFoundError):
        storage.read("photo-x.jpg")


def test_only_a_signed_address_opens_a_picture_and_not_for_ever(on_s3):
    storage.save("photo-x.jpg", ContentFile(b"one"))
    signed = default_storage.url("photo-x.jpg", expire=1)
    assert requests.get(signed, timeout=5).content == b"one"
    plain, _, query = signed.partition("?")
    assert requests.get(plain, timeout=5).status_code == 403
    forged = query.replace("X-Amz-Expires=1", "X-Amz-Expires=9999")
    assert requests.get(f"{plain}?{forged}", timeout=5).status_code == 403
    ends = time.monotonic() + 10
    while requests.get(signed, timeout=5).ok:
        assert time.monotonic() < ends, "it never expires"
        time.sleep(0.2)
    assert requests.get(signed, timeout=5).status_code == 403


def test_the_address_is_one_for_an_hour(on_s3, rf, alice):
    """So that a browser shows its picture again without fetching it."""
    photo = factories.photo(alice)

    def leads(now):
        return serving.serve_private(rf.get("/"), photo.file_name, now)["Location"]

    first = leads(NOW)
    assert leads(NOW + timedelta(minutes=59)) == first
    caches["addresses"].clear()  # signed anew, an hour or a flushed cache later
    assert requests.get(leads(NOW + timedelta(minutes=61)), timeout=5).ok


def test_an_account_leaves_nothing_there(
    on_s3, as_alice, alice, media_files, django_capture_on_commit_callbacks
):
    done = factories.try_on(alice, Status.COMPLETED)
    own = factories.garment(owner=alice)
    for row in (done.photo, own, done.result):
        services.make_renditions(row=row, now=NOW)
    factories.try_on(alice, Status.PROCESSING)
    export = exports.request_export(owner=alice, try_ons=[done], now=NOW)
    exports.make(pk=str(export.pk), now=NOW)
    shop = [done.garment, TryOn.objects.get(status=Status.PROCESSING).garment]
    assert len(media_files()) > 10
    with django_capture_on_commit_callbacks(execute=True):
        as_alice.post("/account/delete/", {"email": alice.email})
    left = {name for piece in shop for name in piece.file_names}
    assert set(media_files()) <= left
    assert not User.objects.filter(email="alice@example.org").exists()
    assert DeletionReceipt.objects.filter(account=True).exists()


def test_a_zip_comes_from_there_under_its_name(on_s3, alice, rf):
    """So that it does not go through the web process, however large it is."""
    done = factories.try_on(alice, Status.COMPLETED)
    export = exports.request_export(owner=alice, try_ons=[done], now=NOW)
    exports.make(pk=str(export.pk), now=NOW)
    client = Client()
    client.force_login(alice)
    page = f"/exports/{export.pk}/zip/"
    leads = client.get(page)
    assert (leads.status_code, leads["Cache-Control"]) == (302, "private, no-store")
    assert not leads.content
    found = requests.get(leads["Location"], timeout=5)
    assert zipfile.ZipFile(io.BytesIO(found.content)).testzip() is None
    assert found.headers["Content-Type"] == "application/zip"
    assert found.headers["Cache-Control"] == "private, no-store"
    assert found.headers["Content-Disposition"] == (
        'attachment; filename="fitting-room-2026-05-12.zip"'
    )
    rest = requests.get(leads["Location"], headers={"Range": "bytes=9-"}, timeout=5)
    assert (rest.status_code, rest.content) == (206, found.content[9:])
    assert requests.head(client.head(page)["Location"], timeout=5).ok
    # Nothing of what was signed can be changed, and only its owner is led there.
    other = leads["Location"].replace("application%2Fzip", "text%2Fhtml")
    assert requests.get(other, timeout=5).status_code == 403
    client.force_login(User.objects.create_user("bob@example.org", "a long password"))
    assert client.get(page).status_code == 404


def test_a_name_in_any_script_is_kept_there(on_s3, rf):
    storage.save("export-x.zip", ContentFile(b"one"))
    names = {"called": "ärmellose Kleider, 衣服.zip", "content_type": "application/zip"}
    leads = serving.serve_download(rf.get("/"), "export-x.zip", **names)["Location"]
    told = requests.get(leads, timeout=5).headers["Content-Disposition"]
    assert told.startswith("attachment; filename*=utf-8''%C3%A4rmellose")
    with pytest.raises(Http404):
        serving.serve_download(rf.get("/"), "export-gone.zip", **names)


def test_what_is_large_goes_in_parts(on_s3, monkeypatch):
    """S3 takes no more than 5 GB in one; 5 MB is the least that it takes as a part."""
    five = 5 * 2**20
    assert backend.PART < 5 * 2**30
    monkeypatch.setattr(backend, "PART", five)
    data = os.urandom(2 * five + 1)
    with tempfile.TemporaryFile() as file:
        file.write(data)
        storage.save("export-x.zip", File(file))
        assert not file.closed
    bucket = default_storage.bucket
    key = default_storage._normalize_name("export-x.zip")
    there = bucket.meta.client.head_object(Bucket=bucket.name, Key=key)
    assert there["ETag"].strip('"').endswith("-3")
    assert there["ContentType"] == "application/zip"
    assert storage.read("export-x.zip") == data


def test_six_gigabytes_are_few_enough_parts():
    """As boto3 divides them, and the most that S3 keeps as well: 5 TB."""
    for size in (6 * 2**30, 5 * 2**40):
        part = ChunksizeAdjuster().adjust_chunksize(backend.PART, size)
        assert part <= 5 * 2**30 and size / part <= 10_000
