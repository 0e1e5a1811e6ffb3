"""RSS 2.0 and Atom with Google's namespace, by a parser that cannot be attacked.

No entity, document type or external reference is taken (defusedxml). No tree is built:
what is wanted of an item is kept while the parser passes it, and nothing else.
"""

from collections.abc import Iterator
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import (  # type: ignore[import-untyped]
    DefusedXMLParser,
)
from django.utils.translation import gettext as _

from .errors import FeedError
from .fields import ALL, MOST_OF_ONE, MOST_SIGNS, SEVERAL, Raw

GOOGLE = "http://base.google.com/ns/1.0"
CHUNK = 64 * 1024  # bytes
MOST_UNREAD = 2_000_000  # bytes of one tag or comment, which a parser keeps as a whole
MOST_NAMES = 5_000  # of elements, attributes and prefixes, which it never forgets
MOST_DEEP = 100
UNKNOWN_CHARSET = 18  # expat's number of that


class _Items:
    """The parser's target: what it tells becomes items."""

    def __init__(self) -> None:
        self.ready: list[Raw] = []
        self.expat: Any = None  # which knows the line
        self.names: set[str] = set()
        self.depth = 0
        self.item: Raw | None = None
        self.item_depth = 0
        self.name = ""  # of the field that is being read
        self.text: list[str] = []
        self.size = 0
        self.googles: set[str] = set()  # fields that came with Google's prefix

    def _count(self, name: str) -> None:
        if name not in self.names:
            self.names.add(name)
            if len(self.names) > MOST_NAMES:
                raise FeedError(_("It has more names of elements than any feed."))

    def start_ns(self, prefix: str, uri: str) -> None:
        self._count(f"xmlns:{prefix}={uri}")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count(tag)
        for name in attributes:
            self._count(name)
        self.depth += 1
        if self.depth > MOST_DEEP:
            raise FeedError(
                _("Its elements lie deeper in each other than in any feed.")
            )
        local = tag.rpartition("}")[2]
        if self.item is None:
            if local in ("item", "entry") and self.depth > 1:
                self.item = Raw(self.expat.CurrentLineNumber, {})
                self.item_depth = self.depth
                self.googles = set()
        elif self.depth == self.item_depth + 1:
            self.name, self.text, self.size = "", [], 0
            if local in ALL:
                self.name = tag
            if local == "link" and attributes.get("href"):
                self._take_atom_link(attributes)

    def _take_atom_link(self, attributes: dict[str, str]) -> None:
        """Atom's own, where the address is an attribute."""
        self.name = ""
        fields = self.item.fields if self.item else {}
        if attributes.get("rel", "alternate") == "alternate":
            fields.setdefault("link", attributes["href"][:MOST_SIGNS])

    def data(self, text: str) -> None:
        if self.name and self.depth == self.item_depth + 1:
            if self.size < MOST_SIGNS:
                self.text.append(text[: MOST_SIGNS - self.size])
            self.size += len(text)

    def end(self, _tag: str) -> None:
        if self.item is not None:
            if self.depth == self.item_depth:
                self.ready.append(self.item)
                self.item = None
            elif self.depth == self.item_depth + 1 and self.name:
                self._keep("".join(self.text).strip())
                self.name = ""
        self.depth -= 1

    def _keep(self, text: str) -> None:
        """Of a field that comes twice the first counts, but Google's before all."""
        if self.item is None or not text:
            return
        namespace, _brace, local = self.name.rpartition("}")
        if local in SEVERAL:
            there = self.item.several.setdefault(local, [])
            if len(there) < MOST_OF_ONE:
                there.append(text)
            return
        is_google = namespace.endswith(GOOGLE)
        if local not in self.item.fields or (is_google and local not in self.googles):
            self.item.fields[local] = text
        if is_google:
            self.googles.add(local)

    def close(self) -> None:
        return None


def read(source: IO[bytes], charset: str) -> Iterator[Raw]:
    """`charset`: where the document itself names none. Raises `FeedError`."""
    target = _Items()
    parser = DefusedXMLParser(target=target, encoding=charset or None, forbid_dtd=True)
    expat = target.expat = parser.parser
    fed = 0
    try:
        while data := source.read(CHUNK):
            parser.feed(data)
            fed += len(data)
            if fed - expat.CurrentByteIndex > MOST_UNREAD:
                raise FeedError(_("It has a tag or a comment without an end."))
            yield from target.ready
            target.ready.clear()
        parser.close()
        yield from target.ready
    except ParseError as error:
        raise FeedError(_explain(error)) from None
    except DefusedXmlException:
        raise FeedError(
            _("It has a document type or entities of its own, which are not read.")
        ) from None
    except (LookupError, ValueError):
        raise FeedError(_say_unknown_charset()) from None


def _say_unknown_charset() -> str:
    return _("It is in a charset that is not known here. Use UTF-8.")


def _explain(error: ParseError) -> str:
    if error.code == UNKNOWN_CHARSET:
        return _say_unknown_charset()
    line, _column = error.position
    sentence = _(
        "It cannot be read from line %(number)d on: it is cut there, no XML, or in "
        "another charset than it says."
    )
    return sentence % {"number": line}
