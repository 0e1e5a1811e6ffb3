"""Which kind an item is: the first rule that hits counts, and nothing is guessed."""

import hashlib
import html
import re
from functools import lru_cache

from ..models.feeds import KindRule
from ..services.catalogue.vocabulary import KIND_OF, fold
from .fields import Raw
from .taxonomy import make_default_rules

# For whom it is and what everything in the shop is; no kind.
NO_KINDS = """women womens woman men mens man s ladies lady unisex adult adults female
    male damen herren frauen männer erwachsene clothing clothes apparel fashion wear
    bekleidung kleidung mode new sale neu home startseite shop all alle"""
NO_KIND = frozenset(NO_KINDS.split())
FOR_WHOM = ("damen", "herren")  # the beginnings of German compounds
MOST_REMEMBERED = 4096  # products have few categories


class Rules:
    """All rules, as they are now. `digest` is another when any of them is."""

    def __init__(self) -> None:
        self.rules = [_Rule(row) for row in find_rules()]
        told = repr(
            [
                (one.row.pk, one.row.field, one.row.words, one.row.kind, one.row.reason)
                for one in self.rules
            ]
        )
        self.digest = hashlib.blake2b(told.encode(), digest_size=8).hexdigest()
        self._decide = lru_cache(MOST_REMEMBERED)(self._find)
        self.asks_names = any(one.row.field == "title" for one in self.rules)

    def find(self, raw: Raw) -> KindRule | None:
        """The rule that hits; None if none does."""
        fields = raw.fields
        return self._decide(
            fields.get("google_product_category", ""),
            tuple(raw.several.get("product_type", ())),
            fields.get("age_group", ""),
            fields.get("gender", ""),
            fields.get("title", "") if self.asks_names else "",
        )

    def _find(
        self, category: str, types: tuple[str, ...], age: str, gender: str, name: str
    ) -> KindRule | None:
        number, path = read_category(category)
        segments = [segment for one in types for segment in _read_type(one)]
        for rule in self.rules:
            field = rule.row.field
            if field == "google_product_category":
                hit = number in rule.numbers or rule.is_above(path)
            elif field == "product_type":
                hit = any(segment <= rule.words for segment in segments)
            elif field == "title":
                words = f" {plain(name)} "
                hit = any(f" {word} " in words for word in rule.words)
            else:
                hit = plain(age if field == "age_group" else gender) in rule.words
            if hit:
                return rule.row
        return None


class _Rule:
    def __init__(self, row: KindRule):
        self.row = row
        parts = [part.strip() for part in row.words.split(";") if part.strip()]
        self.numbers = {part for part in parts if part.isdecimal()}
        paths = [_read_path(part) for part in parts if not part.isdecimal()]
        self.paths = [path for path in paths if path]
        self.words = {plain(part) for part in parts}
        if not parts and row.field == "product_type":
            self.words = {word for word, kind in KIND_OF.items() if kind == row.kind}

    def is_above(self, path: tuple[str, ...]) -> bool:
        return any(path[: len(one)] == one for one in self.paths)


def find_rules() -> list[KindRule]:
    """Those that ship, where there is none at all."""
    if not KindRule.objects.exists():
        KindRule.objects.bulk_create(make_default_rules())
    return list(KindRule.objects.all())


def plain(text: str) -> str:
    """Words without signs, as the vocabulary has them."""
    return re.sub(r"[\W_]+", " ", fold(text)).strip()


def read_category(text: str) -> tuple[str, tuple[str, ...]]:
    """Number and path; feeds have either, or both with a dash between them."""
    found = re.match(r"\s*(\d+)\s*(?:-\s*)?", text)
    number = found[1] if found else ""
    return number, _read_path(text[found.end() :] if found else text)


def _read_path(text: str) -> tuple[str, ...]:
    """Some shops escape their ampersands twice."""
    parts = html.unescape(text).split(">")
    return tuple(fold(" ".join(part.split())) for part in parts if part.strip())


def _read_type(text: str) -> list[set[str]]:
    """Each level of a product type as the things that it names.

    `Women > Shirts & Tops` is shirts and tops: a rule must know all of a level.
    """
    levels = []
    for level in html.unescape(text).split(">"):
        parts = re.split(r"[&/|,+]|\band\b|\bund\b", level)
        named = {_leave_out_whom(plain(part)) for part in parts} - {""}
        if named:
            levels.append(named)
    return levels


def _leave_out_whom(words: str) -> str:
    kept = []
    for word in words.split():
        if word in NO_KIND:
            continue
        prefix = next((one for one in FOR_WHOM if word.startswith(one)), "")
        kept.append(word.removeprefix(prefix))
    return " ".join(kept)
