"""The catalogue in bulk: problems are named by line, a second run changes nothing."""

import csv
import io
import zipfile

import pytest
from django.core.management import CommandError, call_command

from tests.factories import NOW, picture_bytes
from tryon import catalogue, imports, tasks
from tryon.models import CatalogueImport, Garment

HEADER = ["sku", "name", "kind", "file", "product_url"]
GOOD = ["S-1", "Wool blazer", "upper_body", "a.jpg", "https://shop.example.org/1"]


def text_of(*rows) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([HEADER, *rows])
    return out.getvalue()


def run(text, pictures, dry=False):
    return catalogue.run(text=text, source=pictures.get, now=NOW, dry=dry)


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
    outcome = run(text_of(row), pictures)
    assert [line for line, _ in outcome.problems] == [2]
    assert reason in outcome.problems[0][1]
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
    return text_of(*rows), pictures


def test_of_five_hundred_twenty_are_named_and_a_second_run_changes_nothing(db):
    text, pictures = five_hundred()
    pictures["a.jpg"] = picture_bytes()
    dry = run(text, pictures, dry=True)
    assert (len(dry.new), len(dry.problems)) == (480, 20)
    assert not Garment.objects.exists()
    first = run(text, pictures)
    assert (len(first.new), len(first.problems)) == (480, 20)
    assert first.problems == dry.problems
    assert {line for line, _ in first.problems} == {2 + n * 24 for n in range(20)}
    before = list(Garment.objects.order_by("pk").values())
    second = run(text, pictures)
    assert (len(second.new), second.changed, second.unchanged) == (0, 0, 480)
    assert list(Garment.objects.order_by("pk").values()) == before


def test_a_new_name_is_taken_over_another_picture_is_not(db):
    pictures = {"a.jpg": picture_bytes()}
    run(text_of(GOOD), pictures)
    outcome = run(text_of(changed(name="Blazer")), pictures)
    assert outcome.changed == 1
    assert Garment.objects.get().name == "Blazer"
    outcome = run(text_of(GOOD), {"a.jpg": picture_bytes()})
    assert "another picture" in outcome.problems[0][1]


def test_the_same_sku_twice(db):
    outcome = run(text_of(GOOD, GOOD), {"a.jpg": picture_bytes()})
    assert len(outcome.new) == 1
    assert "twice" in outcome.problems[0][1]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "sku,name,kind\n"])
def test_wrong_columns(text):
    with pytest.raises(catalogue.CatalogueError, match="no column"):
        catalogue.rows_of(text)


def test_from_a_folder(db, tmp_path, capsys):
    (tmp_path / "a.jpg").write_bytes(picture_bytes())
    outside = changed(sku="S-2", file="../../etc/passwd")
    (tmp_path / "catalogue.csv").write_text(text_of(GOOD, outside))
    call_command("import_catalogue", tmp_path, dry_run=True)
    assert not Garment.objects.exists()
    call_command("import_catalogue", tmp_path)
    told = capsys.readouterr()
    assert "1 new, 0 changed, 0 unchanged, 1 not" in told.out
    assert "line 3: the picture ../../etc/passwd is not there" in told.err
    with pytest.raises(CommandError, match="no catalogue"):
        call_command("import_catalogue", tmp_path / "nothing")


def zipped(text: str, pictures: dict[str, bytes]) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("shop/catalogue.csv", text)
        for name, data in pictures.items():
            archive.writestr(f"shop/{name}", data)
    out.seek(0)
    out.name = "shop.zip"
    return out


def test_a_zip_in_the_admin_dry_first(
    as_staff, media_files, django_capture_on_commit_callbacks
):
    file = zipped(text_of(GOOD, changed(sku="")), {"a.jpg": picture_bytes()})
    response = as_staff.post("/admin/tryon/catalogueimport/start/", {"file": file})
    row = CatalogueImport.objects.get()
    tasks.work_import(str(row.pk))
    assert not Garment.objects.exists()
    page = response["Location"]
    html = as_staff.get(page).content.decode()
    assert "1 new, 0 changed, 1 not." in html
    assert "no SKU" in html
    as_staff.post(page)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.work_import(str(row.pk))
    assert Garment.objects.get().sku == "S-1"
    as_staff.post(page)
    tasks.work_import(str(row.pk))
    row.refresh_from_db()
    assert (row.state, Garment.objects.count()) == ("done", 1)
    assert not any(name.startswith("import-") for name in media_files())


@pytest.mark.parametrize(
    "data", [b"no zip", zipped("a,b\n", {}).getvalue(), b"PK\x03\x04" + b"\0" * 40]
)
def test_what_is_no_catalogue(as_staff, data):
    file = io.BytesIO(data)
    file.name = "x.zip"
    response = as_staff.post("/admin/tryon/catalogueimport/start/", {"file": file})
    row = CatalogueImport.objects.get()
    tasks.work_import(str(row.pk))
    row.refresh_from_db()
    assert row.state == "unreadable"
    assert as_staff.get(response["Location"]).status_code == 200


def test_one_whose_task_was_lost_is_found(as_staff):
    file = zipped(text_of(GOOD), {"a.jpg": picture_bytes()})
    as_staff.post("/admin/tryon/catalogueimport/start/", {"file": file})
    CatalogueImport.objects.update(created_at=NOW)
    from django.utils import timezone

    assert imports.waiting(now=timezone.now()) == [CatalogueImport.objects.get()]
