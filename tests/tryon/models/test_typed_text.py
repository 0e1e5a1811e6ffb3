"""Names as people write them: found, kept, shown and written on a disk."""

import io
import unicodedata
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile as File

from tests import factories
from tests.factories import NOW, picture_bytes
from tests.pages import flat
from tryon import tasks
from tryon.models import Export, Garment, Status, User, typed_text
from tryon.pictures import storage
from tryon.services import exports

pytestmark = pytest.mark.anywhere

ALIKE = [
    ("ÄRMELLOSES", "ärmelloses"),
    ("armelloses", "Ärmelloses"),
    ("cafe", "Café"),
    (unicodedata.normalize("NFD", "CAFÉ"), "café"),
    ("ipek", "İpek"),
    ("IPEK", "ipek"),
    ("ışık", "IŞIK"),
    ("strasse", "Straße"),
    ("STRASSE", "STRAẞE"),
    ("oresund", "Øresund"),
    ("lodz", "Łódź"),
    ("οδος", "ΟΔΌΣ"),
    ("елка", "Ёлка"),
    ("levi's", "Levi’s"),
    ("t-shirt", "T\u2011Shirt"),
    ("fine", "\ufb01ne"),
    ("Wool  blazer", " wool\u00a0blazer"),
    ("שלום", "שָׁלוֹם"),
    ("フィッ", "ﾌｨｯ"),
]


@pytest.mark.parametrize(("typed", "kept"), ALIKE)
def test_the_same_word(typed, kept):
    assert typed_text.make_searchable(typed) == typed_text.make_searchable(kept)


@pytest.mark.parametrize(
    ("typed", "kept"), [("か", "が"), ("wool", "woll"), ("कत", "कृत")]
)
def test_another_word(typed, kept):
    """Marks that make another letter of it stay."""
    assert typed_text.make_searchable(typed) != typed_text.make_searchable(kept)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Wo\x00ol\u202e \u2066blazer\u2069\u200f\ufeff", "Wool blazer"),
        (" two\r\nlines\u2028more\t", "two lines more"),
        ("\ud800half", "half"),
        ("u\u0308ber", "über"),
        ("فستان\u061c أزرق", "فستان أزرق"),
        ("می\u200cخواهم 👩\u200d🎤", "می\u200cخواهم 👩\u200d🎤"),  # these join letters
    ],
)
def test_what_is_kept_of_a_name(typed, kept):
    assert typed_text.clean_line(typed) == kept


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Wool blazer", "wool-blazer"),
        ('a<b>c:d"e/f\\g|h?i*j', "a-b-c-d-e-f-g-h-i-j"),
        ("..\\..\\x", "x"),
        ("ends. . .", "ends"),
        ("Überwurf", "überwurf"),
        ("U\u0308berwurf", "überwurf"),
        ("فستان أزرق", "فستان-أزرق"),
        ("लिनन कुर्ता", "लिनन-कुर्ता"),
        ("ชุดเดรส", "ชุดเดรส"),
        ("👗", ""),
        ("服" * 80, "服" * (typed_text.MOST_BYTES // 3)),
    ],
)
def test_names_of_files(name, stem):
    assert typed_text.make_file_stem(name) == stem


# --- at the front door ---------------------------------------------------------------

ODD = "\u202eكنزة\u0007 زرقاء\u2066"
PLAIN = "كنزة زرقاء"


def test_an_own_piece(as_alice):
    picture = File("a.jpg", picture_bytes())
    data = {"garment_file": picture, "garment_kind": "upper_body", "garment_name": ODD}
    assert as_alice.post("/garments/", data).status_code == 302
    assert Garment.objects.get().name == PLAIN
    for page in ("/garments/?of=mine", "/try-on/?q=كنزة"):
        assert f"<bdi>{PLAIN}</bdi>" in as_alice.get(page).content.decode()


def test_in_the_admin(as_staff):
    garment = factories.garment(sku="S-1")
    form = {"kind": "upper_body", "name": ODD, "sku": "S\u200b-1", "product_url": ""}
    page = f"/admin/tryon/garment/{garment.pk}/change/"
    assert as_staff.post(page, form).status_code == 302
    garment.refresh_from_db()
    assert (garment.name, garment.sku) == (PLAIN, "S-1")


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ("Äb-1", "There is a piece with this SKU already."),
        ("ÄB-1", "The catalogue has this SKU as Äb-1: is it the same piece?"),
        ("A\u0308B-1", "The catalogue has this SKU as Äb-1: is it the same piece?"),
        ("Ab-1", ""),
        ("Äb-11", ""),
    ],
)
def test_twins_of_a_sku_are_named_in_the_admin(as_staff, other, told):
    factories.garment(sku="Äb-1")
    second = factories.garment(sku="S-2")
    form = {"kind": "upper_body", "name": "x", "sku": other, "product_url": ""}
    page = f"/admin/tryon/garment/{second.pk}/change/"
    response = as_staff.post(page, form)
    if told:
        assert told in response.content.decode()
    else:
        assert response.status_code == 302


@pytest.mark.parametrize("typed", ["ARMELLOSES", "straße", "s-1", "Kleid überz"])
def test_the_admin_finds_as_compose_does(as_staff, typed):
    name = unicodedata.normalize("NFD", "Ärmelloses Kleid, überzogen, Strasse")
    factories.garment(name=name, sku="S-1")
    factories.garment(name="Hose", sku="T-2")
    html = as_staff.get("/admin/tryon/garment/", {"q": typed}).content.decode()
    assert "1 garment" in flat(html)


def test_a_customer_is_found_in_any_case(as_staff, db):
    User.objects.create_user("anna@bücher.example")
    html = as_staff.get("/admin/tryon/user/", {"q": "BÜCHER"}).content.decode()
    assert "anna@bücher.example" in html


def test_an_address_has_no_signs_that_nobody_sees(client, db):
    data = {"email": "new@exam\u202eple.org", "password1": "a long pass phrase"}
    client.post("/account/signup/", data)
    assert User.objects.filter(email="new@example.org").exists()


# --- downloads ---------------------------------------------------------------------


@pytest.fixture
def blue(alice):
    row = factories.try_on(alice, Status.COMPLETED)
    factories.rename(row.garment, "Kleid / Größe: 38 فستان")
    return row


def test_a_download_keeps_the_name(as_alice, blue):
    response = as_alice.get(f"/try-on/{blue.pk}/download/")
    told = response["Content-Disposition"]
    assert told.startswith("attachment; filename*=utf-8''fitting-room-kleid-gr%C3%B6")
    assert told.isascii()


def test_a_zip_keeps_the_name(alice, blue):
    export = exports.request_export(owner=alice, try_ons=[blue], now=NOW)
    tasks.make_export(str(export.pk))
    export = Export.objects.get()
    with zipfile.ZipFile(io.BytesIO(storage.read(export.file_name))) as archive:
        member = archive.infolist()[0]
    assert member.filename == "fitting-room-kleid-größe-38-فستان-2026-05-12.jpg"
    assert member.flag_bits & 0x800  # said to be UTF-8
