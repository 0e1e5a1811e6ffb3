"""Rare but sound pictures, through every door: pages, hand-off, command and zip."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile as File
from django.core.management import call_command

from tests.catalogues import csv_of, piece, zipped
from tests.conftest import StrictClient, image_of
from tests.mutations import is_upright
from tests.odd_pictures import PLAIN, SIDEWAYS, coloured_by_key
from tests.tryon.views.test_handoffs import opened, send
from tryon.models import Garment, TryOn
from tryon.pictures import normalise, storage

ODD = {**SIDEWAYS, **PLAIN, "a key": coloured_by_key(b"\x12\x34" * 3)}
CATALOGUE = csv_of(*(piece(n, f"{n}.jpg") for n in range(len(ODD))))
FILES = {f"{n}.jpg": data for n, data in enumerate(ODD.values())}


def looks_right(name: str, row) -> bool:
    data = storage.read(row.file_name)
    if name in SIDEWAYS:
        return is_upright(normalise.Picture(data, 0, 0, "", ""))
    left, right = (image_of(data).getpixel(at) for at in ((20, 20), (380, 20)))
    if name in PLAIN:
        return left[0] - left[1] > 90 and right[0] - right[1] > 90
    return min(left) > 250 and right[0] > 180 > 20 > right[1]


@pytest.mark.parametrize("name", ODD)
def test_on_the_compose_page(as_alice, name):
    fields = {
        "token": str(uuid.uuid4()),
        "photo_file": File("x.jpg", ODD[name]),
        "garment_file": File("y.jpg", ODD[name]),
        "garment_kind": "upper_body",
        "consent": "on",
    }
    response = as_alice.post("/try-on/", fields)
    assert response.status_code == 302, response.content.decode()
    made = TryOn.objects.get()
    assert looks_right(name, made.photo)
    assert looks_right(name, made.garment)


@pytest.mark.parametrize("name", ODD)
def test_from_a_phone(as_alice, alice, name):
    address, _look = opened(as_alice)
    send(StrictClient(), address, ODD[name])
    assert looks_right(name, alice.photos.get())


def all_look_right() -> bool:
    pieces = {garment.sku: garment for garment in Garment.objects.all()}
    assert len(pieces) == len(ODD)
    return all(looks_right(name, pieces[f"S-{n}"]) for n, name in enumerate(ODD))


def test_from_a_folder(db, tmp_path):
    (tmp_path / "catalogue.csv").write_text(CATALOGUE)
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    call_command("import_catalogue", tmp_path)
    assert all_look_right()


def test_from_a_zip(db, tmp_path):
    file = tmp_path / "shop.zip"
    file.write_bytes(zipped(CATALOGUE, FILES).getvalue())
    call_command("import_catalogue", file)
    assert all_look_right()
