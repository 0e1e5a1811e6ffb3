"""A CSV as spreadsheets of Windows, macOS and phones write it."""

import random

import pytest

from tests.catalogues import HEADER, csv_of, piece, run
from tests.factories import picture_bytes
from tryon.models import Garment
from tryon.services import catalogue
from tryon.services.catalogue import table, vocabulary

pytestmark = pytest.mark.anywhere

MEN = picture_bytes()


def rows_of(data: str | bytes) -> list[tuple[int, dict[str, str]]]:
    raw = data.encode() if isinstance(data, str) else data
    return [(row.line, row.cells) for row in table.read(raw).rows]


UMLAUT = [["S-1", "Überwurf aus Köln", "Oberteil", "Größe.jpg"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-32-le", b"\xff\xfe\0\0"),
        ("cp1252", b""),
    ],
)
def test_delimiters_and_encodings(delimiter, ending, encoding, mark):
    text = csv_of(*UMLAUT, header=HEADER[:4], delimiter=delimiter)
    data = mark + text.replace("\r\n", ending).encode(encoding)
    read = table.read(data)
    assert list(read.rows[0].cells.values()) == UMLAUT[0]
    assert bool(read.notes) == (encoding == "cp1252" or (not mark and "16" in encoding))


def test_what_is_taken_for_cp1252_is_said_with_three_names():
    names = ["Plain", "Überwurf", "Röcke", "Other", "Café", "Für alle"]
    rows = [piece(n, "a.jpg", name=name) for n, name in enumerate(names)]
    (note,) = table.read(csv_of(*rows).encode("cp1252")).notes
    assert "Windows-1252" in note
    assert note.endswith("Überwurf, Röcke, Café")
    assert table.read(csv_of(*rows).encode()).notes == []


def test_bytes_that_cp1252_does_not_have_are_a_problem_of_their_line(db):
    text = csv_of(piece(1, "a.jpg", name="Xx"), piece(2, "a.jpg", name="Ü"))
    data = text.encode("cp1252").replace(b"Xx", b"X\x81")
    outcome = run(data, {"a.jpg": MEN})
    assert (outcome.new, [p.line for p in outcome.problems]) == (1, [2])
    assert "could not be read" in outcome.problems[0].sentence


@pytest.mark.parametrize("first", ["sep=;\r\n", '"sep=;"\r\n', "SEP=;\n"])
def test_excels_own_first_line(first):
    """Excel does not show it: the headings are in its line 1."""
    text = first + csv_of(*UMLAUT, header=HEADER[:4], delimiter=";")
    assert [line for line, _cells in rows_of(text)] == [2]
    assert rows_of("\ufeff" + text) == rows_of(text)


@pytest.mark.parametrize(
    "headings",
    [
        "SKU ,Name,KIND, File ,Product URL",
        "Sku,NAME,Kind,file,product-url",
        "\ufeffsku,name,kind,file,ProductURL",
        "Article number,Title,Type,Image,Link",
        "Item no.,Product name,Category,File name,product_page",
        "Artikelnummer,Bezeichnung,Kategorie,Bild,Produktseite",
        "Art.-Nr.,Artikelname,Typ,Dateiname,URL",
    ],
)
def test_headings_as_people_write_them(headings):
    ((line, cells),) = rows_of(f"{headings}\n1,2,3,4,5\n")
    assert line == 2
    assert [cells[name] for name in HEADER] == ["1", "2", "3", "4", "5"]


def test_a_columns_own_name_comes_first():
    ((_line, cells),) = rows_of(
        "id,title,sku,name,type,kind,image,file\na,b,c,d,e,f,g,h"
    )
    assert cells == {"sku": "c", "name": "d", "kind": "f", "file": "h"}


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (
            "upper_body",
            "upper_body,Upper body,upper-body,UPPER BODY,top,Tops,T-Shirt,Shirt,blouse,"
            "Jacket,coat,Oberteil,Hemd,Bluse,Jacke,Mäntel,Pullover",
        ),
        (
            "lower_body",
            "lower_body,Lower Body,bottom,Bottoms,trousers,Pants,skirt,Shorts,jeans,"
            "Hose,Hosen,Rock,Röcke,Ro\u0308cke",
        ),
        (
            "full_body",
            "full_body,Full-Body,dress,Dresses,Jumpsuit,one-piece,One piece,Kleid,"
            "Kleider,Einteiler",
        ),
    ],
)
def test_kinds_as_people_write_them(kind, names):
    assert {vocabulary.find_kind(name) for name in names.split(",")} == {kind}
    assert vocabulary.find_kind("hat") is None


def test_rows_without_text_are_skipped_and_lines_are_a_spreadsheets():
    text = (
        "\n ,,,\nsku,name,kind,file\n,,,\n\n"
        'S-1,"Two\nlines",top,a.jpg\n , ,\t,\nS-2,x,top,b.jpg\n\n'
    )
    read = rows_of(text)
    assert [line for line, _cells in read] == [6, 8]
    assert read[0][1]["name"] == "Two lines"


def test_ragged_rows(db):
    text = (
        "sku,name,kind,file\nS-1,Short,top\nS-2,Long,top,a.jpg,,\n"
        "S-3,Shirt, blue,top,a.jpg\n"
    )
    outcome = run(text, {"a.jpg": MEN})
    assert (outcome.new, [p.line for p in outcome.problems]) == (1, [2, 4])
    assert "no picture named" in outcome.problems[0].sentence
    assert "more cells than headings" in outcome.problems[1].sentence


def test_nothing_that_a_database_refuses_or_that_turns_texts_round(db):
    odd = "S\x00-1\u200b,\u202eWo\x07ol\u2066 \x85blazer\ufeff,top,a.jpg"
    outcome = run(f"sku,name,kind,file\n{odd}\n", {"a.jpg": MEN})
    assert outcome.problems == []
    garment = Garment.objects.get()
    assert (garment.sku, garment.name) == ("S-1", "Wool blazer")
    half = csv_of(piece(2, "a.jpg", name="Ab")).encode("utf-16-le")
    half = b"\xff\xfe" + half.replace(b"b\0", b"\x00\xd8", 1)
    outcome = run(half, {"a.jpg": MEN})
    assert "could not be read" in outcome.problems[0].sentence


def test_numbers_kept_as_text_by_a_formula():
    ((_line, cells),) = rows_of('sku,name,kind,file\n"=""00123""",x,top,a.jpg\n')
    assert cells["sku"] == "00123"


@pytest.mark.parametrize(
    "bad",
    [
        'S-2,"Never closed,top,a.jpg',
        '"',
    ],
)
def test_a_line_that_does_not_end(db, bad):
    """What comes before it is taken in, and nothing after it is lost unsaid."""
    text = f"sku,name,kind,file\nS-1,x,top,a.jpg\n{bad}\nS-3,x,top,a.jpg\n"
    outcome = run(text, {"a.jpg": MEN})
    assert outcome.new == 1
    assert [p.line for p in outcome.problems] == [3]
    assert "does not end" in outcome.problems[0].sentence


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (f"S-2,{'x' * 200_000},top,a.jpg", "the name is longer than 80 characters"),
        (f"{'S' * 200_000},x,top,a.jpg", "the SKU is longer than 40 characters"),
        (f"S-2,x,{'top' * 99_000},a.jpg", "the kind must be one of"),
        (f"S-2,x,top,{'a' * 200_000}.jpg", "the picture aaa"),
    ],
)
def test_a_line_that_is_too_long(db, bad, told):
    """It alone is a problem, in a sentence that a page can show."""
    text = f"sku,name,kind,file\nS-1,x,top,a.jpg\n{bad}\nS-3,x,top,a.jpg\n"
    outcome = run(text, {"a.jpg": MEN})
    assert outcome.new == 2
    (problem,) = outcome.problems
    assert (problem.line, told in problem.sentence) == (3, True)
    assert len(problem.sku + problem.sentence) < 1100


@pytest.mark.parametrize("first", ['sep="', "sep=\r", "sep=a", "sep="])
def test_a_first_line_that_only_looks_like_excels(first):
    with pytest.raises(catalogue.CatalogueError, match="no column"):
        rows_of(f"{first}\nsku,name,kind,file\nS-1,x,top,a.jpg\n")


def test_headings_that_do_not_end():
    with pytest.raises(catalogue.CatalogueError, match="not closed"):
        rows_of('sku,name,kind,file,"x\nS-1,x,top,a.jpg\n')


def test_no_table_is_an_error_of_ours():
    rng = random.Random(4)
    whole = csv_of(*[piece(n, "a.jpg") for n in range(9)]).encode("utf-16")
    for n in range(400):
        raw = bytearray(whole[: len(whole) * n // 400] if n % 2 else whole)
        for _ in range(n % 7 if raw else 0):
            raw[rng.randrange(len(raw))] = rng.choice([0, 10, 13, 34, 44, 255, 216])
        try:
            read = table.read(bytes(raw))
        except catalogue.CatalogueError:
            continue
        for row in read.rows:
            for cell in row.cells.values():
                assert "\0" not in cell
                cell.encode()


@pytest.mark.parametrize(
    ("bound", "told"),
    [
        ("MOST_ROWS", "More than 3 lines"),
        ("MOST_LINES", "More than 3 lines"),
        ("MOST_COLUMNS", "More than 3 columns"),
    ],
)
def test_no_table_is_read_for_ever(monkeypatch, bound, told):
    monkeypatch.setattr(table, bound, 3)
    header = HEADER if bound == "MOST_COLUMNS" else HEADER[:4]
    with pytest.raises(catalogue.CatalogueError, match=told):
        rows_of(csv_of(*[piece(n, "a.jpg")[:4] for n in range(4)], header=header))
