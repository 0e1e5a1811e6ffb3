"""The rules for kinds that ship: Google's categories of clothes, and words.

Numbers and paths are those of Google's product taxonomy, which it publishes at
https://www.google.com/basepages/producttype/taxonomy-with-ids.en-US.txt (and .de-DE).
Checked against copies of these on GitHub: exocode/google-merchant-categories-JSON
(de-DE, 2015-02-19, with numbers) and turahe/google-product-categories (en-US, 2025).
A path stands for all below it, a number only for itself.
"""

from typing import NamedTuple

from django.utils.translation import gettext_noop

from ..models import GarmentKind
from ..models.feeds import KindRule

EN = "Apparel & Accessories > "
DE = "Bekleidung & Accessoires > "


class Default(NamedTuple):
    """`english` and `german` are the ends of paths, below `EN` and `DE`."""

    kind: str
    reason: str
    numbers: str = ""
    english: tuple[str, ...] = ()
    german: tuple[str, ...] = ()
    words: str = ""  # of product types
    ages: str = ""


CHILDREN = Default(
    "",
    gettext_noop("children's"),
    "182 5622 5425 5423 5411 5412 5549 5409 5424 5621 5410 5408 5422 537 "
    "5623 5624 5625 5626",
    ("Clothing > Baby & Toddler Clothing",),
    ("Bekleidung > Baby- & Kleinkindbekleidung",),
    "kids; children; childrens; baby; babies; toddler; toddlers; boys; girls; "
    "kidswear; kinder; kindermode; kinderbekleidung; babymode; jungen; mädchen",
    "newborn; infant; toddler; kids; neugeborene; kleinkinder; kinder",
)
SHOES = Default(
    "",
    gettext_noop("shoes"),
    "187 1933 7078 1856 2427 5567 5385 5387",
    ("Shoes", "Shoe Accessories", "Costumes & Accessories > Costume Shoes"),
    ("Schuhe", "Schuh-Accessoires", "Kostüme & Accessoires > Kostümschuhe"),
    "shoe; shoes; footwear; sneaker; sneakers; trainers; boots; ankle boots; sandals; "
    "heels; pumps; loafers; slippers; dress shoes; running shoes; schuh; schuhe; "
    "stiefel; stiefeletten; sandalen; hausschuhe; halbschuhe; turnschuhe; ballerinas",
)
BAGS = Default(
    "",
    gettext_noop("bags"),
    "6551 6170 2668 3032 6169 6552 5841 6460 175 6277 5181",
    ("Handbags, Wallets & Cases", "Handbag & Wallet Accessories"),
    ("Handtaschen, Geldbörsen & Etuis", "Handtaschen & Geldbörsenaccessoires"),
    "bag; bags; handbag; handbags; backpack; backpacks; tote bags; wallet; wallets; "
    "purses; clutches; tasche; taschen; handtasche; handtaschen; rucksack; rucksäcke; "
    "geldbörse; geldbörsen",
)
UNDERWEAR = Default(
    "",
    gettext_noop("underwear"),
    "213 7207 7210 7211 7208 7209 214 1772 2563 1675 2160 1807 2963 1578 209 215 5327 "
    "2745 5834 2562",
    ("Clothing > Underwear & Socks",),
    ("Bekleidung > Unterwäsche & Socken",),
    "underwear; lingerie; bra; bras; briefs; panties; boxers; boxer shorts; "
    "undershirts; shapewear; sock; socks; tights; hosiery; unterwäsche; wäsche; "
    "dessous; bhs; slips; unterhosen; unterhemden; "
    " boxershorts; socken; strümpfe; strumpfhosen",
)
SWIMWEAR = Default(
    "",
    gettext_noop("swimwear"),
    "211",
    ("Clothing > Swimwear",),
    ("Bekleidung > Bademode",),
    "swimwear; swimsuit; swimsuits; bikini; bikinis; swim shorts; swim trunks; "
    "beachwear; bademode; badeanzug; badeanzüge; badehose; badehosen; badeshorts",
)
FULL = Default(
    GarmentKind.FULL,
    "",
    "2271 5182 5250 5490 7132 5441 5330 5329 6031 3066 5463",
    (
        "Clothing > Dresses",
        "Clothing > One-Pieces",
        "Clothing > Wedding & Bridal Party Dresses",
        "Clothing > Traditional & Ceremonial Clothing > Dirndls",
        "Clothing > Outerwear > Rain Suits",
        "Clothing > Activewear > Motorcycle Protective Clothing > Motorcycle Suits",
    ),
    (
        "Bekleidung > Kleider",
        "Bekleidung > Einteiler",
        "Bekleidung > Brautmoden",
        "Bekleidung > Traditionelle & Festkleidung > Dirndl",
        "Bekleidung > Überbekleidung > Regenanzüge",
        "Bekleidung > Sportbekleidung > Motorradbekleidung > Motorrad-Kombis",
    ),
)
LOWER = Default(
    GarmentKind.LOWER,
    "",
    "204 207 1581 6229 6228 2331 5344 5514 5909 5506 7281 5674 3951 5378 5379 3188 "
    "3729 5552 7003 5484 7236",
    (
        "Clothing > Pants",
        "Clothing > Shorts",
        "Clothing > Skirts",
        "Clothing > Skorts",
        "Clothing > Outerwear > Rain Pants",
        "Clothing > Outerwear > Snow Pants & Suits",
        "Clothing > Outerwear > Chaps",
        "Clothing > Traditional & Ceremonial Clothing > Traditional Leather Pants",
        "Clothing > Traditional & Ceremonial Clothing > Hakama Trousers",
        "Clothing > Activewear > American Football Pants",
        "Clothing > Activewear > Boxing Shorts",
        "Clothing > Activewear > Martial Arts Shorts",
        "Clothing > Activewear > Bicycle Activewear > Bicycle Shorts & Briefs",
        "Clothing > Activewear > Bicycle Activewear > Bicycle Tights",
        "Clothing > Activewear > Hunting Clothing > Hunting & Tactical Pants",
        "Clothing > Activewear > Motorcycle Protective Clothing > Motorcycle Pants",
    ),
    (
        "Bekleidung > Hosen",
        "Bekleidung > Shorts",
        "Bekleidung > Röcke",
        "Bekleidung > Skorts",
        "Bekleidung > Überbekleidung > Regenhosen",
        "Bekleidung > Überbekleidung > Schneehosen und - anzüge",
        "Bekleidung > Überbekleidung > Chaps",
        "Bekleidung > Traditionelle & Festkleidung > Trachten Lederhosen",
        "Bekleidung > Traditionelle & Festkleidung > Hakama-Hosen",
        "Bekleidung > Sportbekleidung > American Football-Hosen",
        "Bekleidung > Sportbekleidung > Boxshorts",
        "Bekleidung > Sportbekleidung > Kampfsporthosen",
        "Bekleidung > Sportbekleidung > Radsport-Funktionsbekleidung > "
        "Fahrradhosen (kurz)",
        "Bekleidung > Sportbekleidung > Radsport-Funktionsbekleidung > "
        "Fahrradhosen (lang)",
        "Bekleidung > Sportbekleidung > Jagdbekleidung > Jagd- & taktische Hosen",
        "Bekleidung > Sportbekleidung > Motorradbekleidung > Motorradhosen",
    ),
)
UPPER = Default(
    GarmentKind.UPPER,
    "",
    "212 203 5598 1831 5673 5678 5677 3455 5461 6006 2396",
    (
        "Clothing > Shirts & Tops",
        "Clothing > Outerwear",
        "Clothing > Traditional & Ceremonial Clothing > Kimono Outerwear",
        "Clothing > Activewear > Bicycle Activewear > Bicycle Jerseys",
        "Clothing > Activewear > Hunting Clothing > Hunting & Fishing Vests",
        "Clothing > Activewear > Motorcycle Protective Clothing > Motorcycle Jackets",
    ),
    (
        "Bekleidung > Shirts & Tops",
        "Bekleidung > Überbekleidung",
        "Bekleidung > Traditionelle & Festkleidung > Kimono-Oberbekleidung",
        "Bekleidung > Sportbekleidung > Radsport-Funktionsbekleidung > Fahrradtrikots",
        "Bekleidung > Sportbekleidung > Jagdbekleidung > Jagd- & Angelwesten",
        "Bekleidung > Sportbekleidung > Motorradbekleidung > Motorradjacken",
    ),
)
LEFT_OUT = (CHILDREN, SHOES, BAGS, UNDERWEAR, SWIMWEAR)
KINDS = (FULL, LOWER, UPPER)  # trousers among outerwear before outerwear
STEP = 10  # between positions, so that one fits in


def make_default_rules() -> list[KindRule]:
    """What is left out, then kinds: by category, then by product type; not saved."""
    fields = KindRule.Field
    rows = [(fields.AGE_GROUP, one, one.ages) for one in LEFT_OUT if one.ages]
    rows += [(fields.CATEGORY, one, _list_categories(one)) for one in LEFT_OUT]
    rows += [(fields.PRODUCT_TYPE, one, one.words) for one in LEFT_OUT]
    rows += [(fields.CATEGORY, one, _list_categories(one)) for one in KINDS]
    rows += [(fields.PRODUCT_TYPE, one, one.words) for one in KINDS]
    return [
        KindRule(
            position=STEP * number,
            field=field,
            words=words,
            kind=one.kind,
            reason=one.reason,
        )
        for number, (field, one, words) in enumerate(rows, 1)
    ]


def _list_categories(one: Default) -> str:
    paths = [EN + end for end in one.english] + [DE + end for end in one.german]
    return "; ".join([*one.numbers.split(), *paths])
