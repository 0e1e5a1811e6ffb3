"""Headings and kinds as people write them, in English and German."""

import re
import unicodedata

from ...models import GarmentKind

REQUIRED = ("sku", "name", "kind", "file")

# By column, without spaces and signs; the first of them that is there counts.
HEADINGS = {
    "sku": """sku skus articlenumber articleno articlenr itemnumber itemno itemcode
        productcode productnumber productno stylecode stylenumber artikelnummer
        artikelnr artikelno artnr artno bestellnummer produktnummer produktcode
        productid itemid code id""",
    "name": """name names title productname producttitle itemname artikelname
        artikelbezeichnung produktname produktbezeichnung bezeichnung titel benennung
        product item produkt description""",
    "kind": """kind kinds type garmenttype garmentkind clothtype clothingtype category
        producttype bodypart kategorie typ kleidungsart artikelart produktart art
        warengruppe""",
    "file": """file files filename filepath imagefile imagename imagepath picturefile
        picturename photofile image picture photo bilddatei bildname dateiname
        fotodatei datei bild foto img path pfad""",
    "product_url": """producturl productlink productpage url link webpage website
        shopurl shoplink produktseite produktlink produkturl webseite href""",
}

KINDS = {
    GarmentKind.UPPER: """
        upper, upper body, upperbody, upper garment, top, tops, shirt, shirts, t shirt,
        t shirts, tshirt, tshirts, tee, tees, polo, polos, polo shirt, polo shirts,
        tank top, tank tops, crop top, crop tops, blouse, blouses, tunic, tunics,
        jacket, jackets, coat, coats, blazer, blazers, sweater, sweaters, jumper,
        jumpers, pullover, pullovers, hoodie, hoodies, sweatshirt, sweatshirts,
        cardigan, cardigans, knitwear, vest, vests, waistcoat, waistcoats, gilet,
        parka, parkas, outerwear, oberteil, oberteile, oberkörper, hemd, hemden, bluse,
        blusen, jacke, jacken, mantel, mäntel, pulli, pullis, weste, westen, sakko,
        sakkos, strickjacke, strickjacken, strickpullover, kapuzenpullover, tunika,
        tuniken, anorak, anoraks, poloshirt, poloshirts""",
    GarmentKind.LOWER: """
        lower, lower body, lowerbody, lower garment, bottom, bottoms, trouser, trousers,
        pant, pants, slacks, jean, jeans, chino, chinos, skirt, skirts, short, shorts,
        leggings, legging, joggers, sweatpants, culottes, cargo pants, bermudas,
        unterteil, unterteile, unterkörper, hose, hosen, kurze hose, kurze hosen, rock,
        röcke, jogginghose, jogginghosen, stoffhose, stoffhosen, bermuda""",
    GarmentKind.FULL: """
        full, full body, fullbody, whole body, dress, dresses, gown, gowns, jumpsuit,
        jumpsuits, playsuit, playsuits, one piece, one pieces, onepiece, onesie,
        romper, rompers, dungarees, boiler suit, overall, overalls, kleid, kleider,
        einteiler, ganzkörper, hosenanzug, latzhose, latzhosen, abendkleid,
        abendkleider, sommerkleid, sommerkleider, maxikleid, minikleid""",
}


def fold(text: str) -> str:
    """The same for names that differ by case or by how their accents are composed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


KIND_OF = {
    fold(" ".join(word.split())): str(kind)
    for kind, words in KINDS.items()
    for word in words.split(",")
}


def find_columns(headings: list[str]) -> dict[str, int]:
    """Where each column stands."""
    plain = [re.sub(r"[\W_]+", "", fold(heading)) for heading in headings]
    columns = {}
    for column, words in HEADINGS.items():
        there = (plain.index(word) for word in words.split() if word in plain)
        place = next(there, None)
        if place is not None:
            columns[column] = place
    return columns


def find_kind(text: str) -> str | None:
    """`upper_body`, `lower_body` or `full_body`; None for what is none of them."""
    return KIND_OF.get(re.sub(r"[\W_]+", " ", fold(text)).strip())
