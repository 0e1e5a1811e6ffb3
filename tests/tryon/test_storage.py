"""Pictures on an S3-compatible server: private there too, and gone when deleted."""

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.conf import settings
from django.core.cache import caches
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test.utils import override_settings

from tests import factories, servers
from tests.conftest import missing_server
from tests.factories import NOW
from tryon import exports, media, services
from tryon.models import DeletionReceipt, Status, TryOn, User


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
    media.save("photo-x.jpg", ContentFile(b"one"))
    media.save("photo-x.jpg", ContentFile(b"two"))
    assert media.read("photo-x.jpg") == b"two"
    media.delete(["photo-x.jpg", "photo-x.jpg"])
    with pytest.raises(FileNotFoundError):
        media.read("photo-x.jpg")


def test_only_a_signed_address_opens_a_picture_and_not_for_ever(on_s3):
    media.save("photo-x.jpg", ContentFile(b"one"))
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
        return media.serve_private(rf.get("/"), photo.file_name, now)["Location"]

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
    export = exports.ask(owner=alice, try_ons=[done], now=NOW)
    exports.make(pk=str(export.pk), now=NOW)
    shop = [done.garment, TryOn.objects.get(status=Status.PROCESSING).garment]
    assert len(media_files()) > 10
    with django_capture_on_commit_callbacks(execute=True):
        as_alice.post("/account/delete/", {"email": alice.email})
    left = {name for piece in shop for name in piece.file_names}
    assert set(media_files()) <= left
    assert not User.objects.filter(email="alice@example.org").exists()
    assert DeletionReceipt.objects.filter(account=True).exists()
