"""The catalogue in bulk: problems are named by line, a second run changes nothing."""

import json

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.utils import timezone

from tests import factories
from tests.catalogues import GOOD, HEADER, csv_of, run, zipped
from tests.factories import picture_bytes
from tryon import services
from tryon.management.commands import import_catalogue
from tryon.models import Garment, Status
from tryon.pictures import normalise
from tryon.services import catalogue


def changed(**fields) -> list[str]:
    return [fields.get(name, value) for name, value in zip(HEADER, GOOD, strict=True)]


BROKEN = [
    (changed(sku=""), "no SKU"),
    (changed(sku="x" * 41), "longer than 40"),
    (changed(name=""), "no name"),
    (changed(name="x" * 81), "longer than 80"),
    (changed(kind="hat"), "the kind must be one of upper_body"),
    (changed(kind=""), "the kind must be one of"),
    (changed(file=""), "no picture named"),
    (changed(file="missing.jpg"), "missing.jpg is not there"),
    (changed(file="bad.jpg"), "not a picture we can read"),
    (changed(file="small.jpg"), "each side must be 300 or more"),
    (changed(product_url="shop"), "the product page is no address"),
    (changed(product_url="javascript:x"), "the product page is no address"),
]


@pytest.mark.parametrize(("row", "reason"), BROKEN)
def test_a_broken_line_is_named(db, row, reason):
    pictures = {
        "a.jpg": picture_bytes(),
        "bad.jpg": b"no picture",
        "small.jpg": picture_bytes(50, 50),
    }
    outcome = run(csv_of(row), pictures)
    assert [problem.line for problem in outcome.problems] == [2]
    assert outcome.problems[0].sku == row[0]
    assert reason in outcome.problems[0].sentence
    assert not Garment.objects.exists()


def five_hundred() -> tuple[str, dict[str, bytes]]:
    """480 in order, 20 broken in different ways."""
    rows, pictures = [], {"bad.jpg": b"x"}
    for n in range(480):
        pictures[f"{n}.jpg"] = picture_bytes(300, 320)
        rows.append([f"S-{n}", f"Piece {n}", "upper_body", f"{n}.jpg", ""])
    broken = [row for row, _reason in BROKEN if row[3] != "small.jpg"]
    for n in range(20):
        row = list(broken[n % len(broken)])
        row[0] = row[0] and f"{row[0]}-{n}"
        rows.insert(n * 24, row)
    return csv_of(*rows), pictures


def test_of_five_hundred_twenty_are_named_and_a_second_run_changes_nothing(db):
    text, pictures = five_hundred()
    pictures["a.jpg"] = picture_bytes()
    dry = run(text, pictures, dry=True)
    assert (dry.new, len(dry.problems)) == (480, 20)
    assert not Garment.objects.exists()
    first = run(text, pictures)
    assert (first.new, len(first.problems)) == (480, 20)
    assert first.problems == dry.problems
    assert {problem.line for problem in first.problems} == {
        2 + n * 24 for n in range(20)
    }
    before = list(Garment.objects.order_by("pk").values())
    second = run(text, pictures)
    assert (second.new, second.changed, second.unchanged) == (0, 0, 480)
    assert list(Garment.objects.order_by("pk").values()) == before


def test_a_new_name_is_taken_over_another_picture_is_not(db):
    pictures = {"a.jpg": picture_bytes()}
    run(csv_of(GOOD), pictures)
    outcome = run(csv_of(changed(name="Blazer")), pictures)
    assert outcome.changed == 1
    assert Garment.objects.get().name == "Blazer"
    outcome = run(csv_of(GOOD), {"a.jpg": picture_bytes()})
    assert "another picture" in outcome.problems[0].sentence


def test_the_same_sku_twice(db):
    outcome = run(csv_of(GOOD, GOOD), {"a.jpg": picture_bytes()})
    assert outcome.new == 1
    assert "twice" in outcome.problems[0].sentence


@pytest.mark.parametrize(
    ("sku", "other", "told"),
    [
        ("ab-1", "AB-1", "line 2 has this SKU as ab-1"),
        ("straße", "STRASSE", "line 2 has this SKU as straße"),
    ],
)
def test_twins_by_case_are_named(db, sku, other, told):
    rows = [changed(sku=sku), changed(sku=other)]
    outcome = run(csv_of(*rows), {"a.jpg": picture_bytes()})
    assert (outcome.new, [p.line for p in outcome.problems]) == (1, [3])
    assert told in outcome.problems[0].sentence


def test_a_twin_by_case_in_the_catalogue_is_named(db):
    factories.garment(sku="AB-1")
    outcome = run(csv_of(changed(sku="ab-1")), {"a.jpg": picture_bytes()})
    assert "the catalogue has this SKU as AB-1" in outcome.problems[0].sentence
    assert Garment.objects.count() == 1


@pytest.mark.parametrize(
    "sku", ["1.23457E+12", "1,23457E+12", "4E+12", "1.2e+05", "1.20E-04"]
)
def test_a_sku_eaten_by_a_spreadsheet(db, sku):
    outcome = run(csv_of(changed(sku=sku)), {"a.jpg": picture_bytes()})
    assert "the spreadsheet has shortened" in outcome.problems[0].sentence


def test_skus_that_only_look_like_it(db):
    rows = [changed(sku=sku) for sku in ("5E10", "1.5E", "E+12", "12+E", "12E-5")]
    assert run(csv_of(*rows), {"a.jpg": picture_bytes()}).problems == []


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "sku,name,kind\n"])
def test_wrong_columns(text):
    with pytest.raises(catalogue.CatalogueError, match="no column"):
        run(text, {})


def test_a_file_without_product_pages_leaves_them(db):
    run(csv_of(GOOD), pictures := {"a.jpg": picture_bytes()})
    outcome = run("sku,name,kind,file\n" + ",".join(GOOD[:4]), pictures)
    assert (outcome.unchanged, Garment.objects.get().product_url) == (1, GOOD[4])


def test_no_address_a_database_refuses(db):
    long = f"https://shop.example.org/{'x' * 200}"
    outcome = run(csv_of(changed(product_url=long)), {"a.jpg": picture_bytes()})
    assert "longer than 200 characters" in outcome.problems[0].sentence


def test_somebody_adds_the_same_sku_meanwhile(db, monkeypatch):
    def taken(**fields):
        raise IntegrityError

    monkeypatch.setattr(services, "add_garment", taken)
    outcome = run(csv_of(GOOD), {"a.jpg": picture_bytes()})
    assert "just added" in outcome.problems[0].sentence


# --- pictures that changed, and pieces that come back -----------------------------


def test_changed_pictures_are_taken_in_when_asked(
    alice, media_files, django_capture_on_commit_callbacks
):
    run(csv_of(GOOD, changed(sku="S-2")), {"a.jpg": picture_bytes()})
    before = Garment.objects.get(sku="S-1")
    done = factories.try_on(alice, Status.COMPLETED, garment=before)
    other = zipped(csv_of(GOOD), {"a.jpg": picture_bytes()})
    for replace, dry in ((False, True), (False, False), (True, True)):
        outcome = catalogue_run(other, dry=dry, replace=replace)
        assert outcome.pictures == [(2, "S-1")]
        assert outcome.pictures_replaced == int(replace)
        assert Garment.objects.get(sku="S-1").stem == before.stem
    with django_capture_on_commit_callbacks(execute=True):
        outcome = catalogue_run(other, dry=False, replace=True)
    after = Garment.objects.get(sku="S-1")
    assert (outcome.pictures_replaced, outcome.changed, outcome.problems) == (1, 0, [])
    assert outcome.to_render == [after]
    assert after.stem != before.stem
    assert before.file_name not in media_files()
    assert after.file_name in media_files()
    again = {"owner": alice, "photo": done.photo, "now": timezone.now()}
    _made, new = services.create_try_on(**again, outfit=services.Outfit(after))
    assert new
    assert catalogue_run(other, dry=False, replace=True).unchanged == 1


def test_a_new_name_comes_with_the_new_picture(db):
    run(csv_of(GOOD), {"a.jpg": picture_bytes()})
    other = zipped(csv_of(changed(name="Blazer")), {"a.jpg": picture_bytes()})
    outcome = catalogue_run(other, dry=False, replace=True)
    assert (outcome.changed, outcome.pictures_replaced) == (1, 1)
    assert Garment.objects.get().name == "Blazer"


def test_a_retired_piece_that_is_in_the_file_comes_back(db):
    file = zipped(csv_of(GOOD), {"a.jpg": picture_bytes()})
    catalogue_run(file, dry=False)
    factories.retire_all()
    for dry in (True, False):
        outcome = catalogue_run(file, dry=dry)
        assert (outcome.changed, outcome.unchanged) == (1, 0)
        assert outcome.back == ["S-1"]
    assert Garment.objects.catalogue().count() == 1


def test_unchanged_pictures_are_not_decoded_again(db, monkeypatch):
    file = zipped(csv_of(GOOD), {"a.jpg": picture_bytes()})
    catalogue_run(file, dry=False)
    monkeypatch.setattr(normalise, "read_garment", None)
    assert catalogue_run(file, dry=False).unchanged == 1


def catalogue_run(file, **how):
    with catalogue.open_shop(file) as shop:
        return catalogue.import_shop(shop, now=timezone.now(), **how)


# --- the command -------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.jpg").write_bytes(picture_bytes())
    outside = changed(sku="S-2", file="../../etc/passwd")
    (tmp_path / "catalogue.csv").write_text(csv_of(GOOD, outside))
    return tmp_path


def command(capsys, *args) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    code = 0
    try:
        call_command("import_catalogue", *args)
    except SystemExit as ended:
        code = ended.code
    except CommandError as error:
        code = error.returncode
    told = capsys.readouterr()
    return code, told.out, told.err


def test_from_a_folder(db, folder, capsys):
    code, out, _err = command(capsys, folder, "--dry-run")
    assert (code, out[:5]) == (1, "1 new")
    assert not Garment.objects.exists()
    code, out, err = command(capsys, folder)
    assert code == 1
    assert out == "1 new, 0 changed, 0 pictures replaced, 0 unchanged, 1 not\n"
    assert "line 3 (S-2): the picture ../../etc/passwd is not there" in err
    with pytest.raises(CommandError, match="cannot be read") as raised:
        call_command("import_catalogue", folder / "nothing")
    assert raised.value.returncode == 2


def test_the_report_is_one_object(db, folder, capsys, tmp_path):
    """The contract for scripts: names, types and exit codes."""
    nothing = {"new": 0, "changed": 0, "pictures_replaced": 0, "unchanged": 0}

    def told(*args):
        code, out, _err = command(capsys, *args, "--json")
        return code, json.loads(out)

    code, dry = told(folder, "--dry-run")
    assert (code, {**dry, "problems": []}) == (
        1,
        {**nothing, "new": 1, "problems": [], "notes": []},
    )
    (problem,) = dry["problems"]
    assert (problem["line"], problem["sku"]) == (3, "S-2")
    assert set(problem) == {"line", "sku", "sentence"}
    assert told(folder) == (code, dry)
    (folder / "catalogue.csv").write_text(csv_of(GOOD))
    assert told(folder) == (
        0,
        {**nothing, "unchanged": 1, "problems": [], "notes": []},
    )
    (folder / "a.jpg").write_bytes(picture_bytes())
    code, stays = told(folder)
    assert (code, stays["pictures_replaced"], len(stays["problems"])) == (1, 0, 1)
    assert "S-1" in stays["notes"][0]
    for dry_run in (["--dry-run"], []):
        code, replaced = told(folder, "--replace-pictures", *dry_run)
        assert (code, replaced["pictures_replaced"], replaced["problems"]) == (0, 1, [])
    (folder / "catalogue.csv").unlink()
    code, unread = told(folder)
    assert code == 2
    assert {**unread, "problems": []} == {**nothing, "problems": [], "notes": []}
    assert unread["problems"] == [
        {"line": 0, "sku": "", "sentence": "There is no catalogue.csv in it."}
    ]


def test_from_a_zip(db, tmp_path, capsys):
    path = tmp_path / "shop.zip"
    path.write_bytes(zipped(csv_of(GOOD), {"a.jpg": picture_bytes()}).getvalue())
    assert command(capsys, path)[0] == 0
    assert Garment.objects.get().sku == "S-1"
    path.write_bytes(b"no zip")
    assert command(capsys, path)[0] == 2


def test_the_command_waits_while_storage_is_away(
    db, folder, capsys, monkeypatch, on_disk
):
    (folder / "catalogue.csv").write_text(csv_of(GOOD, changed(sku="S-2")))
    monkeypatch.setattr(import_catalogue, "PAUSE", 0)
    save, calls = FileSystemStorage._save, []

    def full(*args, **kwargs):
        calls.append(args)
        if len(calls) in (2, 3):
            raise OSError(28, "No space left on device")
        return save(*args, **kwargs)

    monkeypatch.setattr(FileSystemStorage, "_save", full)
    code, out, _err = command(capsys, folder)
    assert (code, out[:5]) == (0, "2 new")
    monkeypatch.setattr(import_catalogue, "TRIES", 2)
    (folder / "catalogue.csv").write_text(
        csv_of(GOOD, changed(sku="S-3"), changed(sku="S-4"))
    )
    calls.clear()
    calls.append(None)
    code, out, err = command(capsys, folder)
    assert (code, Garment.objects.count()) == (1, 2)
    assert "line 3 (S-3): storage does not answer" in err
