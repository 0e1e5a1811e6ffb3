"""One raw item becomes what is wanted of its piece, or the reason why there is none."""

import hashlib
import html
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from ..models import typed_text
from ..models.feeds import MOST_SKU, FeedItem
from ..services.catalogue.importing import EATEN
from .fetching import is_web_address
from .fields import Raw
from .kinds import Rules, plain

MOST_NAME = 80
MOST_LINK = 200
MOST_GROUP = 100
TYPE = "product_type"
SOLD_OUT = ("outofstock", "soldout", "nichtauflager", "ausverkauft")
is_page = URLValidator(schemes=["http", "https"])


def clean(text: str) -> str:
    """As `typed_text.clean_line`, at once for what needs no look at each letter."""
    if text.isprintable():
        return " ".join(unicodedata.normalize("NFC", text).split())
    return typed_text.clean_line(text)


def find_sku_problem(sku: str) -> str:
    """Why nobody can be told by this SKU; empty if it is in order."""
    if not sku:
        return _("no SKU: the item has no id")
    if len(sku) > MOST_SKU:
        return _("the SKU is longer than 40 characters")
    if EATEN.fullmatch(sku):
        return _(
            "the SKU %(sku)s is a number that the spreadsheet has shortened: format "
            "the column as text"
        ) % {"sku": sku}
    return ""


def compute_digest(raw: Raw, rules: Rules) -> str:
    """Equal where nothing that is read of the item has changed, nor any rule."""
    read = repr((rules.digest, sorted(raw.fields.items()), sorted(raw.several.items())))
    return hashlib.blake2b(
        read.encode("utf-8", "surrogatepass"), digest_size=8
    ).hexdigest()


def judge(item: FeedItem, raw: Raw, rules: Rules) -> None:
    """Write into `item` what this reading says of it."""
    states = FeedItem.State
    fields = raw.fields
    rule = rules.find(raw)
    item.line, item.rule = raw.line, rule
    item.problem, item.pending = "", False
    item.kind = rule.kind if rule else ""
    # Some shops escape twice, most of all those that write CDATA.
    item.name = clean(html.unescape(fields.get("title", "")))[:MOST_NAME].rstrip()
    item.product_url = _read_page(fields.get("link", ""))
    group = clean(fields.get("item_group_id", ""))
    item.group = group if len(group) <= MOST_GROUP else compute_group(group)
    item.image_link = _read_image(fields.get("image_link", ""))
    others = map(_read_image, raw.several.get("additional_image_link", ()))
    item.more_images = [one for one in others if one]
    if rule is not None and not rule.kind:
        item.state = states.LEFT_OUT
    elif is_sold_out(fields.get("availability", "")):
        item.state = states.SOLD_OUT
    else:
        item.problem = _find_problem(item, raw)
        item.state = states.UNCLEAR if item.problem else states.TAKEN
        item.pending = not item.problem


def compute_group(group: str) -> str:
    return hashlib.blake2b(group.encode(), digest_size=16).hexdigest()


def is_sold_out(availability: str) -> bool:
    """Also as an address of schema.org's, which some shops write."""
    return plain(availability).replace(" ", "").endswith(SOLD_OUT)


def _read_page(link: str) -> str:
    """Empty for what cannot be kept: a piece without its page is better than none."""
    link = clean(link).replace("&amp;", "&")
    if not link or len(link) > MOST_LINK:
        return ""
    try:
        is_page(link)
    except ValidationError:
        return ""
    return link


def _read_image(link: str) -> str:
    """Spaces in addresses are common, and no shop means what they would mean."""
    link = clean(link).replace(" ", "%20").replace("&amp;", "&")
    return link if is_web_address(link) else ""


def _find_problem(item: FeedItem, raw: Raw) -> str:
    if raw.broken:
        return raw.broken
    if item.rule is None:
        category = raw.fields.get("google_product_category", "")
        said = [clean(one)[:200] for one in (category, *raw.several.get(TYPE, ()))]
        names = " · ".join(one for one in said if one) or "–"
        return _("it fits no rule for kinds: %(names)s") % {"names": names}
    if not item.name:
        return _("no name: the item has no title")
    if not raw.fields.get("image_link"):
        return _("no picture: the item has no image_link")
    if not item.image_link:
        return _("the address of its picture is none")
    return ""
