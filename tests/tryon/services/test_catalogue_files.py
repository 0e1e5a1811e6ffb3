"""Pictures by name, in zips as programs of Windows, macOS and phones write them."""

import io
import os
import random
import struct
import subprocess
import unicodedata
import zipfile

import pytest

from tests.catalogues import GOOD, csv_of, piece, run, zipped
from tests.conftest import missing, which
from tests.factories import NOW, picture_bytes
from tryon.models import Garment
from tryon.services import catalogue
from tryon.services.catalogue import places, shop

pytestmark = pytest.mark.anywhere

MEN, WOMEN, OTHER = picture_bytes(), picture_bytes(), picture_bytes()


def opened(file, **how):
    with catalogue.open_shop(file) as there:
        return catalogue.import_shop(there, now=NOW, dry=how.pop("dry", False), **how)


def found(pictures: dict[str, bytes], name: str, folder: str = "") -> str:
    """Which of the pictures a line takes that names `name`; else its problem."""
    file = zipped(csv_of(piece(1, name)), {}, folder=folder)
    with zipfile.ZipFile(file, "a") as archive:
        for path, data in pictures.items():
            archive.writestr(path, data)
    with catalogue.open_shop(file) as there:
        try:
            data = there.picture(name)
        except catalogue.errors.LineError as error:
            return str(error)
    return next(path for path, same in pictures.items() if same == data)


# --- names -------------------------------------------------------------------------


def test_pictures_of_the_same_name_stay_two(db, tmp_path):
    """As a zip and as a folder."""
    text = csv_of(piece(1, "men/shirt.jpg"), piece(2, "women/shirt.jpg"))
    pictures = {"women/shirt.jpg": WOMEN, "men/shirt.jpg": MEN}
    assert run(text, pictures).problems == []
    (tmp_path / "catalogue.csv").write_text(text)
    for name, data in pictures.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(data)
    assert opened(tmp_path).unchanged == 2
    one, two = Garment.objects.order_by("sku")
    assert one.source_sha256 != two.source_sha256
    bare = csv_of(piece(3, "shirt.jpg"))
    assert "several pictures shirt.jpg" in run(bare, pictures).problems[0].sentence


SEVERAL = {"tops/001.jpg": MEN, "bottoms/001.jpg": WOMEN, "tops/Only.JPG": OTHER}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("tops/001.jpg", "tops/001.jpg"),
        ("bottoms/001.jpg", "bottoms/001.jpg"),
        ("tops\\001.jpg", "tops/001.jpg"),
        (".\\tops\\001.jpg", "tops/001.jpg"),
        ("./tops//001.jpg", "tops/001.jpg"),
        ("tops/./001.jpg", "tops/001.jpg"),
        ("bottoms/../tops/001.jpg", "tops/001.jpg"),
        ("TOPS/001.JPG", "tops/001.jpg"),
        ("only.jpg", "tops/Only.JPG"),
        ("001.jpg", "there are several pictures 001.jpg: write the folder before it"),
        ("bottoms/only.jpg", "the picture bottoms/only.jpg is not there"),
        ("shoes/001.jpg", "the picture shoes/001.jpg is not there"),
        ("tops", "the picture tops is not there"),
        ("../tops/001.jpg", "the picture ../tops/001.jpg is not there: it lies"),
        ("/tops/001.jpg", "the picture /tops/001.jpg is not there: it lies outside"),
        ("C:\\tops\\001.jpg", "is not there: it lies outside"),
        ("\\\\server\\tops\\001.jpg", "is not there: it lies outside"),
    ],
)
def test_paths_as_written(name, told):
    assert told in found(SEVERAL, name)


def test_paths_are_relative_to_the_csv():
    pictures = {"a/tops/001.jpg": MEN, "tops/001.jpg": WOMEN}
    assert found(pictures, "tops/001.jpg", folder="a/") == "a/tops/001.jpg"
    assert found(pictures, "../tops/001.jpg", folder="a/") == "tops/001.jpg"


def test_two_that_differ_by_case_only():
    pictures = {"a.jpg": MEN, "A.JPG": WOMEN}
    assert found(pictures, "A.JPG") == "A.JPG"
    assert found(pictures, "a.jpg") == "a.jpg"
    assert "several" in found(pictures, "A.jpg")


def test_a_member_that_is_in_it_twice(db):
    file = zipped(csv_of(piece(1, "a.jpg"), piece(2, "b.jpg")), {})
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning):
        for name, data in (("a.jpg", MEN), ("a.jpg", WOMEN), ("b.jpg", MEN)):
            archive.writestr(name, data)
        archive.writestr("b.jpg", MEN)
    outcome = opened(file)
    assert [p.line for p in outcome.problems] == [2]
    assert "several" in outcome.problems[0].sentence


def stored(
    name: bytes, data: bytes, utf_8: bool, extra: bytes = b""
) -> tuple[bytes, bytes, bytes, bytes]:
    """An entry's head, and its name, extra field and data, each as it is."""
    flags = 0x800 if utf_8 else 0
    sizes = struct.pack("<III", zipfile.crc32(data), len(data), len(data))
    head = struct.pack("<HHHHH", 20, flags, 0, 0, 0x21) + sizes
    return head + struct.pack("<HH", len(name), len(extra)), name, extra, data


def raw_zip(*entries) -> io.BytesIO:
    """By hand: zipfile itself writes a name's bytes only in its own way."""
    out, listed = io.BytesIO(), b""
    for head, name, extra, data in entries:
        at = out.tell()
        out.write(b"PK\x03\x04" + head + name + extra + data)
        rest = struct.pack("<HHHII", 0, 0, 0, 0, at)
        listed += b"PK\x01\x02" + struct.pack("<H", 20) + head + rest + name + extra
    at, n = out.tell(), len(entries)
    out.write(listed)
    out.write(struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, n, n, len(listed), at, 0))
    out.seek(0)
    return out


NAME = "Größe/Überwurf.jpg"


@pytest.mark.parametrize(
    ("raw", "flag"),
    [
        (NAME.encode(), True),
        (NAME.encode(), False),  # macOS
        (unicodedata.normalize("NFD", NAME).encode(), True),
        (unicodedata.normalize("NFD", NAME).encode(), False),
        (NAME.encode("cp437"), False),  # Windows
        (NAME.encode("cp850"), False),
        (NAME.encode("cp1252"), False),
        (NAME.replace("/", "\\").encode("cp1252"), False),
        (NAME.upper().replace("SS", "ß").encode(), True),
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_in_any_code_page(db, raw, flag, form):
    text = csv_of(piece(1, unicodedata.normalize(form, NAME))).encode()
    entries = [(b"catalogue.csv", text, False), (raw, MEN, flag)]
    assert opened(raw_zip(*(stored(*entry) for entry in entries))).problems == []


def test_a_name_kept_in_utf_8_beside_the_other(db):
    kept = b"\1" + b"\0\0\0\0" + "服.jpg".encode()
    extra = struct.pack("<HH", 0x7075, len(kept)) + kept
    text = csv_of(piece(1, "服.jpg")).encode()
    entries = [
        stored(b"catalogue.csv", text, False),
        stored(b"#U670d.jpg", MEN, False, extra),
    ]
    assert opened(raw_zip(*entries)).problems == []


def test_what_macos_and_windows_put_beside_is_not_there(db):
    fork = b"\0\5\x16\7" + b"\0" * 80
    pictures = {
        "shop/a.jpg": MEN,
        "__MACOSX/shop/._a.jpg": fork,
        "__MACOSX/shop/a.jpg": fork,
        "__MACOSX/catalogue.csv": fork,
        "__MACOSX/shop/._catalogue.csv": fork,
        "shop/.DS_Store": fork,
        "shop/Thumbs.db": fork,
        "shop/._a.jpg": fork,
        "shop/Catalogue.CSV": csv_of(piece(1, "a.jpg"), piece(2, "._a.jpg")).encode(),
    }
    outcome = opened(zipped(fork, pictures, csv_name="._catalogue.csv"))
    assert outcome.new == 1
    assert [p.sentence for p in outcome.problems] == [
        "the picture ._a.jpg is not there"
    ]


def test_of_several_tables_the_shallowest(db):
    deep = {"old/catalogue.csv": b"nothing", "new/x/catalogue.csv": b"", "a.jpg": MEN}
    assert run(csv_of(GOOD), deep).new == 1
    twice = zipped("", {"b/catalogue.csv": b""}, csv_name="a/catalogue.csv")
    with pytest.raises(catalogue.CatalogueError, match="several"):
        opened(twice)


def test_links_are_not_followed(db, tmp_path):
    """In a folder and in a zip, of files and of folders."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.jpg").write_bytes(MEN)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "a.jpg").symlink_to(outside / "a.jpg")
    (inside / "tops").symlink_to(outside)
    os.mkfifo(inside / "pipe.jpg")
    text = csv_of(piece(1, "a.jpg"), piece(2, "tops/a.jpg"), piece(3, "pipe.jpg"))
    (inside / "catalogue.csv").write_text(text)
    outcome = opened(inside)
    assert [p.sentence for p in outcome.problems] == [
        "the picture a.jpg is a link",
        "the picture tops/a.jpg is a link",
        "the picture pipe.jpg is not there",
    ]
    file = zipped(csv_of(piece(1, "a.jpg")), {})
    with zipfile.ZipFile(file, "a") as archive:
        info = zipfile.ZipInfo("a.jpg")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    assert "is a link" in opened(file).problems[0].sentence


def test_a_name_on_the_disk_that_is_not_utf_8(db, tmp_path):
    (tmp_path / os.fsdecode("Größe.jpg".encode("cp1252"))).write_bytes(MEN)
    (tmp_path / "catalogue.csv").write_text(csv_of(piece(1, "größe.jpg")))
    assert opened(tmp_path).problems == []


def test_what_a_real_program_writes(db, tmp_path):
    if not which("zip"):
        missing("zip", "apt-get install zip")
    folder = tmp_path / "Kollektion Ü"
    (folder / "Größe").mkdir(parents=True)
    (folder / "Größe" / "服.jpg").write_bytes(MEN)
    text = csv_of(piece(1, "Größe\\服.JPG"))
    (folder / "catalogue.csv").write_text(text, encoding="utf-8-sig")
    made = tmp_path / "made.zip"
    for locale in ("C", "C.UTF-8"):
        made.unlink(missing_ok=True)
        command = ["zip", "-qr", made, folder.name]
        environment = {**os.environ, "LC_ALL": locale}
        subprocess.run(command, cwd=tmp_path, check=True, env=environment)
        assert opened(made, dry=True).problems == []


# --- members that cannot be read -----------------------------------------------------


def beside(*damage, data: bytes = MEN, how=zipfile.ZIP_DEFLATED) -> io.BytesIO:
    """A sound piece, and one whose bytes are changed after it was packed."""
    out = zipped(csv_of(piece(1, "sound.jpg"), piece(2, "odd.jpg")), {"sound.jpg": MEN})
    with zipfile.ZipFile(out, "a", how) as archive:
        archive.writestr("odd.jpg", data)
    raw = bytearray(out.getvalue())
    for act in damage:
        act(raw)
    return io.BytesIO(bytes(raw))


def where(raw: bytearray) -> int:
    """The entry in the list at the end."""
    return raw.rindex(b"PK\x01\x02")


def at_local(place: int, data: bytes):
    def act(raw: bytearray) -> None:
        start = raw.rindex(b"PK\x03\x04") + place
        raw[start : start + len(data)] = data

    return act


def at_list(place: int, data: bytes):
    def act(raw: bytearray) -> None:
        raw[where(raw) + place : where(raw) + place + len(data)] = data

    return act


MEMBERS = {
    "torn": ([at_local(45, b"\xff" * 40)], "damaged"),
    "another sum": ([at_list(16, b"\1\2\3\4")], "damaged"),
    "no head": ([at_local(0, b"XXXX")], "damaged"),
    "other name": ([at_local(30, b"new.jpg")], "damaged"),
    "a name that is none": (
        [at_local(6, b"\0\x08"), at_local(30, b"\xff\xfe\xff")],
        "damaged",
    ),
    "far away": ([at_list(42, b"\xff\xff\xff\x7f")], "damaged"),
    "shorter than it is": ([at_list(24, b"\x10\0\0\0")], "damaged"),
    "encrypted": ([at_list(8, b"\1\0"), at_local(6, b"\1\0")], "encrypted"),
    "strongly encrypted": ([at_list(8, b"\x40\0"), at_local(6, b"\x40\0")], "packed"),
    "deflate64": ([at_list(10, b"\x09\0")], "packed in a way"),
    "patched": ([at_local(6, b"\x20\0"), at_list(8, b"\x20\0")], "packed in a way"),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_one_odd_member_is_a_problem_of_its_line(db, name):
    damage, told = MEMBERS[name]
    outcome = opened(beside(*damage))
    assert outcome.new == 1
    assert [p.line for p in outcome.problems] == [3]
    assert told in outcome.problems[0].sentence


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_to_pack(db, how):
    assert opened(beside(data=WOMEN, how=how)).problems == []
    torn = opened(beside(at_local(60, b"\xff" * 40), data=WOMEN, how=how))
    assert "damaged" in torn.problems[0].sentence


@pytest.mark.parametrize(
    "how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_one_over_large_is_a_problem_of_its_line(db, settings, how):
    settings.TRYON_MAX_UPLOAD_MB = 1
    outcome = opened(beside(data=b"\0" * 3_000_000, how=how))
    assert outcome.new == 1
    assert "over 1 MB" in outcome.problems[0].sentence


def test_what_is_unpacked_counts_not_what_the_list_says(db, settings, monkeypatch):
    """A list that says little of much, and many lines that name one file."""
    monkeypatch.setattr(places, "MOST_UNPACKED", 4 * len(MEN))
    rows = [piece(n, "a.jpg") for n in range(8)]
    outcome = run(csv_of(*rows), {"a.jpg": MEN})
    assert 0 < outcome.new < 4
    assert {p.sentence for p in outcome.problems} == {"unpacked it is larger than 2 GB"}


def test_the_table_itself_is_bounded(db, monkeypatch):
    monkeypatch.setattr(shop, "MOST_CSV", 1000)
    with pytest.raises(catalogue.CatalogueError, match="larger than 20 MB"):
        run("x" * 1001, {})


def test_more_files_than_anybody_has(monkeypatch):
    monkeypatch.setattr(places, "MOST_FILES", 3)
    with pytest.raises(catalogue.CatalogueError, match="More than 3 files"):
        run(csv_of(GOOD), {f"{n}.jpg": b"" for n in range(4)})


def test_no_bytes_are_an_error_of_ours(db):
    """A zip with bytes changed anywhere is read, in part or not at all."""
    rng = random.Random(3)
    whole = zipped(csv_of(GOOD, piece(2, "a.jpg")), {"a.jpg": MEN}).getvalue()
    ended = {"read": 0, "unread": 0}
    for n in range(600):
        raw = bytearray(whole[: len(whole) * n // 100] if n < 100 else whole)
        reach = len(raw) if n % 2 else min(len(raw), 400)
        for _ in range(1 + n % 5 if raw else 0):
            # Heads and lists of a zip lie at its ends.
            place = rng.randrange(reach)
            raw[place if n % 3 else -place - 1] = rng.randrange(256)
        try:
            opened(io.BytesIO(bytes(raw)), dry=True)
            ended["read"] += 1
        except catalogue.CatalogueError:
            ended["unread"] += 1
    assert min(ended.values()) > 50
