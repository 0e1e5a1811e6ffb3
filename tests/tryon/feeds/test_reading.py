"""Feeds as real shops write them, and as somebody writes them who means harm."""

import gzip
import io
import itertools
import time

import pytest
from django.utils import translation

from tests.tryon.feeds.shop import RSS, Answer
from tryon.feeds import fetching, reading, table, xml
from tryon.feeds.errors import FeedError
from tryon.models import Feed, FeedItem, Garment

# Shopify's Google channel: RSS, all fields with the prefix, variants of one product.
SHOPIFY = """<?xml version="1.0" encoding="UTF-8"?>
<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0">
  <channel>
    <title>Aurora</title>
    <link>https://aurora.example.org</link>
    <description>Product feed</description>
    <item>
      <g:id>shopify_DE_7001_4401</g:id>
      <g:title>Linen Shirt – White / S</g:title>
      <g:description>&lt;p&gt;Cool &amp;amp; light&lt;/p&gt;</g:description>
      <g:link>https://aurora.example.org/products/linen?variant=4401</g:link>
      <g:image_link>https://cdn.example.org/linen.jpg?v=17</g:image_link>
      <g:additional_image_link>https://cdn.example.org/l2.jpg</g:additional_image_link>
      <g:additional_image_link>https://cdn.example.org/l3.jpg</g:additional_image_link>
      <g:price>59.00 EUR</g:price>
      <g:availability>in stock</g:availability>
      <g:google_product_category>212</g:google_product_category>
      <g:product_type>Women &gt; Shirts</g:product_type>
      <g:item_group_id>7001</g:item_group_id>
      <g:shipping><g:country>DE</g:country><g:price>4.90 EUR</g:price></g:shipping>
    </item>
  </channel>
</rss>"""
# WooCommerce plug-ins: title and link without the prefix, all in CDATA.
WOOCOMMERCE = """<?xml version="1.0"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0" \
xmlns:c="http://base.google.com/cns/1.0"><channel>
<title><![CDATA[Aurora]]></title>
<item>
<g:id>shopify_DE_7001_4401</g:id>
<title><![CDATA[Linen Shirt – White / S]]></title>
<link><![CDATA[https://aurora.example.org/products/linen?variant=4401]]></link>
<g:image_link><![CDATA[https://cdn.example.org/linen.jpg?v=17]]></g:image_link>
<g:additional_image_link><![CDATA[https://cdn.example.org/l2.jpg]]></g:additional_image_link>
<g:additional_image_link><![CDATA[https://cdn.example.org/l3.jpg]]></g:additional_image_link>
<g:availability>in stock</g:availability>
<g:google_product_category><![CDATA[212]]></g:google_product_category>
<g:product_type><![CDATA[Women > Shirts]]></g:product_type>
<g:item_group_id>7001</g:item_group_id>
</item></channel></rss>"""
ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">
<title>Aurora</title><link rel="self" href="https://aurora.example.org/feed"/>
<entry>
<id>tag:aurora.example.org,2026:7001</id>
<g:id>shopify_DE_7001_4401</g:id>
<title>Linen Shirt – White / S</title>
<link rel="enclosure" href="https://aurora.example.org/other"/>
<link href="https://aurora.example.org/products/linen?variant=4401"/>
<g:image_link>https://cdn.example.org/linen.jpg?v=17</g:image_link>
<g:additional_image_link>https://cdn.example.org/l2.jpg</g:additional_image_link>
<g:additional_image_link>https://cdn.example.org/l3.jpg</g:additional_image_link>
<g:availability>in stock</g:availability>
<g:google_product_category>212</g:google_product_category>
<g:product_type>Women &gt; Shirts</g:product_type>
<g:item_group_id>7001</g:item_group_id>
</entry></feed>"""
HEADINGS = (
    "id\ttitle\tdescription\tlink\timage_link\tadditional_image_link\tavailability\t"
    "google_product_category\tproduct_type\titem_group_id"
)
ROW = (
    "shopify_DE_7001_4401\tLinen Shirt – White / S\tCool\t"
    "https://aurora.example.org/products/linen?variant=4401\t"
    "https://cdn.example.org/linen.jpg?v=17\t"
    '"https://cdn.example.org/l2.jpg,https://cdn.example.org/l3.jpg"\tin stock\t212\t'
    "Women > Shirts\t7001"
)
TABLE = f"{HEADINGS}\n{ROW}\n"
# Shopware's export: Google's headings as it shows them, with Windows' ends of lines.
SHOPWARE = (
    HEADINGS.replace("_", " ").title().replace("\t", "\tg:").replace("Id", "g:ID", 1)
    + f"\r\n{ROW}\r\n\r\n"
)


def read(body: str | bytes, charset: str = "") -> list:
    data = body.encode() if isinstance(body, str) else body
    return list(reading.read(io.BytesIO(data), charset))


WAYS = {
    "Shopify": SHOPIFY,
    "WooCommerce": WOOCOMMERCE,
    "Atom": ATOM,
    "table": TABLE,
    "Shopware": SHOPWARE,
    "UTF-8 with a mark": b"\xef\xbb\xbf" + SHOPIFY.encode(),
    "UTF-16": SHOPIFY.replace("UTF-8", "UTF-16").encode("utf-16"),
    "UTF-16, big end first": b"\xfe\xff"
    + SHOPIFY.replace("UTF-8", "UTF-16").encode("utf-16-be"),
    "windows-1252": SHOPIFY.replace("UTF-8", "windows-1252").encode("cp1252"),
    "table in UTF-16": TABLE.encode("utf-16"),
    "table with a mark": b"\xef\xbb\xbf" + TABLE.encode(),
    "packed": gzip.compress(SHOPIFY.encode()),
    "packed twice": gzip.compress(gzip.compress(TABLE.encode())),
    "a blank line first": "\n" + SHOPIFY.partition("\n")[2],
    "blanks before the declaration": "\r\n  \n" + SHOPIFY,
    "a mark, then blanks": b"\xef\xbb\xbf\n" + SHOPIFY.encode(),
    "blanks, packed": gzip.compress(b"\n" + SHOPIFY.encode()),
}


@pytest.mark.parametrize("way", WAYS)
def test_as_shops_write_them(way):
    (item,) = read(WAYS[way])
    assert item.fields == {
        "id": "shopify_DE_7001_4401",
        "title": "Linen Shirt – White / S",
        "link": "https://aurora.example.org/products/linen?variant=4401",
        "image_link": "https://cdn.example.org/linen.jpg?v=17",
        "availability": "in stock",
        "google_product_category": "212",
        "item_group_id": "7001",
    }
    assert item.several == {
        "additional_image_link": [
            "https://cdn.example.org/l2.jpg",
            "https://cdn.example.org/l3.jpg",
        ],
        "product_type": ["Women > Shirts"],
    }
    lines = {"table": 2, "Shopify": 7, "Shopware": 2}
    assert item.line == lines.get(way, item.line)


def test_a_charset_that_only_the_server_says():
    assert read(TABLE.encode("cp1252"), "windows-1252")[0].fields["title"][12] == "–"
    bare = SHOPIFY.partition("\n")[2].encode("cp1252")
    assert read(bare, "windows-1252")[0].fields["title"][12] == "–"


def test_a_charset_that_the_server_says_for_all_its_files():
    for body in (TABLE, SHOPIFY, SHOPIFY.partition("\n")[2]):
        assert read(body, "iso-8859-1")[0].fields["title"][12] == "–"
        assert (
            read(gzip.compress(body.encode()), "latin-1")[0].fields["title"][12] == "–"
        )


def test_a_page_in_a_description_makes_no_page_of_a_feed():
    page = "<description><![CDATA[<html><body>Shop</body></html>]]></description>"
    body = SHOPIFY.replace("<description>Product feed</description>", page)
    assert page in body[:1024] and len(read(body)) == 1


def test_a_row_with_more_cells_than_headings_is_told_by_its_line():
    rows = read(f"{HEADINGS}\n{ROW}\n{ROW}\tmore\n")
    assert [bool(row.broken) for row in rows] == [False, True]
    assert rows[1].line == 3


def test_a_text_over_several_lines_is_one_row():
    rows = read('id\ttitle\ndescr\t"two\nlines"\nB\tlast\n')
    assert [(row.line, row.fields["title"]) for row in rows] == [
        (2, "two\nlines"),
        (4, "last"),
    ]


# --- those that mean harm ----------------------------------------------------------

BOMB = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
ITEM = "<item><g:id>A</g:id></item>"
OPEN = 'A\t"Best dress' + "\t" * 8 + "\n"  # inch, or a word between quotes
HOSTILE = {
    "web page": ("<!DOCTYPE html><html><body>Please log in</body></html>", "web page"),
    "web page as XML": ('<?xml version="1.0"?><html xmlns="x"><p/></html>', "web page"),
    "nothing": ("", "empty"),
    "blanks": (" \n\t\n", "empty"),
    "no item": (RSS + "</channel></rss>", "no item"),
    "only headings": (HEADINGS + "\n", "no item"),
    "prose": ("This is no feed at all.", "neither"),
    "JSON": ('{"items": []}', "neither"),
    "picture": (b"\xff\xd8\xff\xe0" + bytes(range(256)) * 10, ""),
    "other table": ("sku\tname\n1\t2\n", "no heading"),
    "cut": (RSS + ITEM + "<item><g:id>B", "from line"),
    "not well-formed": (RSS + ITEM + "<item></channel></rss>", "from line"),
    "entities": (
        f'<!DOCTYPE r [<!ENTITY a0 "ha">{BOMB}]><rss><item><id>&a9;</id></item></rss>',
        "entities",
    ),
    "outer entity": (
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        "<rss><item><id>&x;</id></item></rss>",
        "entities",
    ),
    "outer type": (
        '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd"><rss><item/></rss>',
        "document type",
    ),
    "unknown entity": (RSS + "<item><g:id>&nbsp;</g:id></item>", "from line 4"),
    "wrong charset": (RSS.encode() + b"<item><g:id>Gr\xfcn</g:id></item>", "charset"),
    "unknown charset": ('<?xml version="1.0" encoding="klingon"?><rss/>', "charset"),
    "wide charset": ('<?xml version="1.0" encoding="utf-32"?><rss/>', ""),
    "table in another charset": (TABLE.encode("cp1252"), "not in the charset"),
    "table with an open quote": (
        f'{HEADINGS}\nA\t"open' + "x\n" * 600_000,
        "does not end",
    ),
    "table with a quote that ends rows later": (
        f'{TABLE}{OPEN}{ROW}\nB\t5" heel\n',
        "Line 3 does not end",
    ),
    "table with a quote that never ends": (
        TABLE + OPEN + ROW,
        "Line 3 does not end",
    ),
    "one endless line": (f"{HEADINGS}\nA\t" + "x" * 1_200_000, "does not end"),
    "damaged package": (gzip.compress(SHOPIFY.encode())[:-20], "damaged"),
    "package of a package": (gzip.compress(gzip.compress(gzip.compress(b"x"))), ""),
    "deep": (RSS + ITEM + "<a>" * 200_000, "deeper"),
    "many names": (RSS + "".join(f"<a{n}/>" for n in range(20_000)), "names"),
    "many attributes": (
        RSS + "".join(f'<a b{n}=""/>' for n in range(20_000)),
        "names",
    ),
    "many prefixes": (
        RSS + "".join(f'<a xmlns:b{n}="u{n}"/>' for n in range(20_000)),
        "names",
    ),
    "endless comment": (RSS + ITEM + "<!--" + "x" * 5_000_000, "without an end"),
    "endless tag": (RSS + ITEM + '<a b="' + "x" * 5_000_000, "without an end"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_feed_is_a_sentence_and_changes_nothing(shop, sync, name):
    shop.serve_items(shop.item("A"), shop.item("B"))
    sync()
    before = list(FeedItem.objects.order_by("pk").values())
    body, sentence = HOSTILE[name]
    shop.serve(body)
    began = time.monotonic()
    code, told = sync()
    assert time.monotonic() - began < 5
    assert code == 2
    assert sentence in told["problems"][0]["sentence"]
    assert list(FeedItem.objects.order_by("pk").values()) == before
    assert Garment.objects.catalogue().count() == 2
    feed = Feed.objects.get()
    assert feed.state == "unreadable" and sentence in feed.problem
    code, told = sync("--dry-run")
    assert code == 2 and sentence in told["problems"][0]["sentence"]


def test_one_that_breaks_at_its_end_changes_nothing(shop, sync):
    shop.serve_items(*(shop.item(f"A{n}") for n in range(3)))
    sync()
    items = [shop.item(f"B{n}") for n in range(1200)]
    shop.serve(RSS + "\n".join(items) + "<item>")
    code, _told = sync()
    assert code == 2
    assert set(FeedItem.objects.values_list("sku", flat=True)) == {"A0", "A1", "A2"}


@pytest.mark.parametrize("packed", [True, False])
def test_more_than_a_feed_may_be(shop, sync, monkeypatch, packed):
    monkeypatch.setattr(fetching, "MOST_FEED", 100_000)
    body = (RSS + "<!-- x -->" * 20_000).encode()
    shop.serve(gzip.compress(body) if packed else body)
    code, told = sync()
    assert code == 2 and "is larger than" in told["problems"][0]["sentence"]


def test_a_bomb_takes_no_memory(monkeypatch):
    """A gigabyte of blanks in a megabyte, read in pieces and given up."""
    monkeypatch.setattr(fetching, "MOST_FEED", 30_000_000)
    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb", compresslevel=1) as file:
        file.write(RSS.encode())
        for _piece in range(100):
            file.write(b" " * 1_000_000)
    assert len(bomb.getvalue()) < 1_000_000
    with pytest.raises(FeedError, match="is larger than"):
        read(bomb.getvalue())


def test_one_without_an_end(shop, sync, monkeypatch):
    monkeypatch.setattr(fetching, "MOST_FEED", 3_000_000)
    chunks = itertools.chain([RSS.encode()], itertools.repeat(ITEM.encode() * 1000))
    shop.answers["/feed"] = Answer(chunks=chunks)
    code, told = sync()
    assert code == 2 and "is larger than" in told["problems"][0]["sentence"]


def test_a_long_text_is_cut_and_costs_nothing():
    long = "x" * 3_000_000
    (item,) = read(
        RSS + f"<item><g:id>A</g:id><g:description>{long}</g:description>"
        f"<g:title>{long}</g:title></item></channel></rss>"
    )
    assert set(item.fields) == {"id", "title"} and len(item.fields["title"]) == 3000
    many = "<g:product_type>x</g:product_type>" * 1000
    (item,) = read(RSS + f"<item><g:id>A</g:id>{many}</item></channel></rss>")
    assert len(item.several["product_type"]) == 10


@pytest.mark.parametrize("status", [401, 404, 500])
def test_an_address_that_has_no_feed(shop, sync, status):
    shop.serve("", status=status)
    code, told = sync()
    assert code == 2 and f"answers {status}" in told["problems"][0]["sentence"]


def test_an_address_that_does_not_answer(shop, sync):
    code, told = sync(source="http://127.0.0.1:9/feed")
    assert code == 2 and "does not answer" in told["problems"][0]["sentence"]


@pytest.mark.parametrize("address", ["http://10.0.0.1/f", "http://[fe80::1]/f"])
def test_an_address_in_a_private_network(shop, sync, address):
    code, told = sync(source=address)
    assert code == 2 and "no public address" in told["problems"][0]["sentence"]


def test_in_the_language_of_whoever_asks(shop, sync):
    """Reading is done in threads, and by workers that speak another."""
    shop.serve_items(shop.item("X" * 41), shop.item("A"))
    shop.answers["/A.jpg"] = Answer(b"no picture")
    with translation.override("de"):
        _code, told = sync()
    said = [one["sentence"] for one in told["problems"]]
    assert said[0] == "die SKU ist länger als 40 Zeichen"
    assert said[1].startswith("Diese Datei ist kein Bild")


def test_nothing_of_it_is_kept_by_the_parsers():
    """The generators give what they have read before they read on."""
    pieces = itertools.chain([RSS.encode()], itertools.repeat(ITEM.encode() * 100))

    class Endless(io.RawIOBase):
        read_so_far = 0

        def read(self, size=-1):
            self.read_so_far += 1
            return next(pieces)

    source = Endless()
    for _item in itertools.islice(xml.read(source, ""), 1000):
        pass
    assert source.read_so_far < 40
    assert table.MOST_OF_ROW <= 1_000_000
