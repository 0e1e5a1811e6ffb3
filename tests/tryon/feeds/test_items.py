"""What is wanted of each item: kind by rules, fields in bounds, problems by line."""

import pytest

from tests.factories import picture_bytes
from tests.tryon.feeds.shop import Answer
from tryon.feeds import kinds
from tryon.feeds.fields import Raw
from tryon.models import FeedItem, Garment, KindRule

EN, DE = "Apparel & Accessories > ", "Bekleidung & Accessoires > "


@pytest.fixture
def rules(db):
    return kinds.Rules()


def find(rules, category="", *types, **fields) -> str:
    raw = Raw(1, {"google_product_category": category, **fields})
    raw.several["product_type"] = list(types)
    rule = rules.find(raw)
    return "" if rule is None else rule.kind or rule.reason


@pytest.mark.parametrize(
    ("category", "kind"),
    [
        ("212", "upper_body"),
        ("203", "upper_body"),
        ("5598", "upper_body"),
        ("5677", "upper_body"),
        ("6228", "lower_body"),
        ("6229", "lower_body"),
        ("2331", "lower_body"),
        ("5625", "children's"),
        ("204", "lower_body"),
        ("207", "lower_body"),
        ("1581", "lower_body"),
        ("5514", "lower_body"),
        ("2271", "full_body"),
        ("5182", "full_body"),
        ("5250", "full_body"),
        ("2271 - Apparel & Accessories > Clothing > Dresses", "full_body"),
        (EN + "Clothing > Dresses", "full_body"),
        ("apparel &amp; accessories>clothing >  dresses", "full_body"),
        (EN + "Clothing > Outerwear > Coats & Jackets", "upper_body"),
        (EN + "Clothing > Outerwear > Rain Pants", "lower_body"),
        (EN + "Clothing > Skirts > Mini Skirts", "lower_body"),
        (DE + "Bekleidung > Überbekleidung > Mäntel & Jacken", "upper_body"),
        (DE + "Bekleidung > überbekleidung", "upper_body"),
        (DE + "Bekleidung > Hosen", "lower_body"),
        (DE + "Bekleidung > Einteiler > Overalls", "full_body"),
        ("187", "shoes"),
        (EN + "Shoes", "shoes"),
        (DE + "Schuhe", "shoes"),
        ("6551", "bags"),
        ("3032", "bags"),
        (EN + "Handbags, Wallets & Cases > Handbags", "bags"),
        ("213", "underwear"),
        (EN + "Clothing > Underwear & Socks > Bras", "underwear"),
        ("211", "swimwear"),
        ("182", "children's"),
        (DE + "Bekleidung > Baby- & Kleinkindbekleidung > Baby-Bodys", "children's"),
        # Not guessed.
        ("1604", ""),
        ("166", ""),
        (EN + "Clothing", ""),
        (EN + "Clothing > Dressesque", ""),
        (EN + "Jewelry", ""),
        ("99999", ""),
        ("", ""),
        (">", ""),
    ],
)
def test_googles_categories(rules, category, kind):
    assert find(rules, category) == kind


@pytest.mark.parametrize(
    ("types", "kind"),
    [
        (["Dresses"], "full_body"),
        (["Women > Dresses > Maxi"], "full_body"),
        (["Women's Dresses"], "full_body"),
        (["Damen/Kleider"], "full_body"),
        (["Damenkleider"], "full_body"),
        (["Herrenhosen"], "lower_body"),
        (["Home", "Men > T-Shirts"], "upper_body"),
        (["Shirts & Tops"], "upper_body"),
        (["Clothing > Jackets and Coats"], "upper_body"),
        (["Röcke"], "lower_body"),
        (["Shoes > Dress Shoes"], "shoes"),
        (["Kids > T-Shirts"], "children's"),
        (["Bademode > Einteiler"], "swimwear"),
        # Not guessed.
        (["Tops & Bottoms"], ""),
        (["Dress shirts"], ""),
        (["Jacket hangers"], ""),
        (["Mugs"], ""),
        (["Women"], ""),
    ],
)
def test_words_of_product_types(rules, types, kind):
    assert find(rules, "", *types) == kind


def test_what_is_left_out_comes_first(rules):
    assert find(rules, "2271", age_group="kids") == "children's"
    assert find(rules, "2271", age_group="adult") == "full_body"
    assert find(rules, "187", "Dresses") == "shoes"
    assert find(rules, "2271", "Shirts") == "full_body"


def test_rules_can_be_edited(shop, sync):
    shop.serve_items(
        shop.item("A", google_product_category="", title="Cape of wool"),
        shop.item("B", gender="male"),
        shop.item("C"),
        headers={"ETag": '"1"'},
    )
    code, told = sync()
    assert code == 1 and told["new"] == 2
    assert told["problems"][0]["sku"] == "A"
    assert "fits no rule" in told["problems"][0]["sentence"]
    KindRule.objects.create(field="title", words="cape; poncho", kind="upper_body")
    KindRule.objects.create(field="gender", words="male", reason="men's")
    code, told = sync()  # the feed has not changed, its rules have
    assert code == 0 and (told["new"], told["retired"], told["left_out"]) == (1, 1, 1)
    assert "1 men's" in told["notes"][0]
    assert Garment.objects.get(sku="A").kind == "upper_body"
    KindRule.objects.filter(field="title").update(kind="full_body")
    assert sync()[1]["changed"] == 1


def test_what_is_left_out_is_told(shop, sync):
    shop.serve_items(
        shop.item("A", google_product_category="187"),
        shop.item("B", google_product_category="213"),
        shop.item("C", age_group="kids"),
        shop.item("D", google_product_category="187"),
        shop.item("E", google_product_category="Home & Garden"),
    )
    code, told = sync()
    assert (code, told["left_out"], told["new"], shop.count()) == (1, 4, 0, 0)
    (note,) = told["notes"]
    assert note.startswith("Left out: 2 shoes, ") and "1 underwear" in note
    assert [one["sku"] for one in told["problems"]] == ["E"]
    assert "Home & Garden" in told["problems"][0]["sentence"]


def test_problems_by_line(shop, sync):
    shop.serve_items(
        shop.item("GOOD"),
        shop.item(""),
        shop.item("X" * 41),
        shop.item("GOOD", title="Twice"),
        shop.item("good"),
        shop.item("1.23457E+12"),
        shop.item("N", title=" "),
        shop.item("P", image_link=" "),
        shop.item("Q", image_link="javascript:alert(1)"),
        shop.item("R", google_product_category=""),
    )
    code, told = sync()
    assert code == 1 and told["new"] == 1
    found = {one["line"]: one["sentence"] for one in told["problems"]}
    assert list(found) == [5, 6, 7, 8, 9, 10, 11, 12, 13]
    for line, words in {
        5: "no id",
        6: "longer than 40",
        7: "twice, first on line 4",
        8: "as GOOD",
        9: "shortened",
        10: "no name",
        11: "no picture",
        12: "address of its picture",
        13: "fits no rule",
    }.items():
        assert words in found[line]


def test_a_broken_item_does_not_retire_its_piece(shop, sync):
    shop.serve_items(shop.item("A"), shop.item("B"))
    sync()
    shop.serve_items(shop.item("A", title=""), shop.item("B", image_link=""))
    code, told = sync()
    assert code == 1 and told["retired"] == 0
    assert Garment.objects.catalogue().count() == 2


def test_fields_are_kept_within_bounds(shop, sync):
    shop.serve_items(
        shop.item("A", title="w " * 200, link="https://shop.example.org/" + "x" * 300),
        shop.item("B", link="javascript:alert(1)", title="Kleid\u202e &amp; mehr\x85x"),
        shop.item("C", item_group_id="g" * 3000),
    )
    code, told = sync()
    assert code == 0 and told["new"] == 3
    one, two = Garment.objects.get(sku="A"), Garment.objects.get(sku="B")
    assert one.name == ("w " * 40).strip() and one.product_url == ""
    assert two.product_url == "" and "\u202e" not in two.name
    assert len(FeedItem.objects.get(sku="C").group) == 32


def test_what_was_escaped_twice(shop, sync):
    """As WooCommerce writes titles and addresses into CDATA."""
    shop.answers["/a.jpg?w=9&h=9"] = Answer(picture_bytes())
    shop.serve_items(
        shop.item(
            "A",
            title="Kleid &#8211; R&ouml;cke &amp; mehr",
            link="https://shop.example.org/?id=1&amp;copy=2",
            image_link=f"{shop.url}/a.jpg?w=9&amp;h=9",
        )
    )
    assert sync()[1]["new"] == 1
    piece = Garment.objects.get()
    assert piece.name == "Kleid – Röcke & mehr"
    assert piece.product_url == "https://shop.example.org/?id=1&copy=2"


def test_spaces_in_the_address_of_a_picture(shop, sync):
    url = shop.add_picture("linen%20dress.jpg")
    shop.serve_items(shop.item("A", image_link=url.replace("%20", " ")))
    assert sync()[1]["new"] == 1


def test_the_rules_that_ship_are_made_once(rules):
    first = list(KindRule.objects.values_list("pk", flat=True))
    kinds.Rules()
    assert list(KindRule.objects.values_list("pk", flat=True)) == first
    words = [row.words for row in KindRule.objects.filter(field="product_type")]
    assert words.count("") == 3  # those of the CSV import
