"""Where the files of a catalogue lie: a folder or a zip, by names as people write them.

Only names that are listed are read: nothing outside, and no links. Nothing of a zip is
unpacked to the disk.
"""

import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, cast

from django.utils.translation import gettext as _

from .errors import CatalogueError, LineError
from .vocabulary import fold

CSV_NAME = "catalogue.csv"
MOST_FILES = 200_000
MOST_UNPACKED = 2_000_000_000  # bytes of a zip, by what was really read
CHUNK = 4096  # bytes; some methods unpack all of what is asked for, however much it is
SYSTEM_FILES = (".ds_store", "thumbs.db", "desktop.ini")
ABSOLUTE = re.compile(r"/|[A-Za-z]:")
CODE_PAGES = ("utf-8", "cp1252", "cp850")  # of names that do not say theirs
UTF_8 = 0x800  # flag of a zip's entry: its name is that
UNICODE_PATH = 0x7075  # kind of extra field
# What zipfile and the unpackers raise on damaged or hostile bytes.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    OverflowError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    MemoryError,
)


@dataclass(frozen=True)
class Member:
    """`paths`: as it may be read, the first as it is; `key`: equal for equal bytes."""

    paths: tuple[str, ...]
    handle: Path | zipfile.ZipInfo
    link: bool = False
    key: object = None


class Place:
    """Files by path and by name; both are found in another case or composition."""

    def __init__(self, members: Iterable[Member]):
        self.by_path: dict[str, list[Member]] = defaultdict(list)
        self.by_name: dict[str, list[Member]] = defaultdict(list)
        for number, member in enumerate(members):
            if number >= MOST_FILES:
                raise CatalogueError(_("More than %(n)d files.") % {"n": MOST_FILES})
            keys = {fold(path) for path in member.paths}
            for key in keys:
                self.by_path[key].append(member)
            for name in {key.rpartition("/")[2] for key in keys}:
                self.by_name[name].append(member)

    def read_member(self, member: Member, most: int) -> bytes:
        """Up to one byte more than `most`. Raises `LineError`."""
        raise NotImplementedError

    def find_csv(self) -> Member:
        """The one that lies least deep. Raises `CatalogueError`."""
        members = [m for m in self.by_name.get(CSV_NAME, []) if not m.link]
        if not members:
            raise CatalogueError(_("There is no %(name)s in it.") % {"name": CSV_NAME})
        depth = min(m.paths[0].count("/") for m in members)
        members = [m for m in members if m.paths[0].count("/") == depth]
        exact = [m for m in members if m.paths[0].rpartition("/")[2] == CSV_NAME]
        if len(exact or members) > 1:
            sentence = _("There are several %(name)s in it, none above the others.")
            raise CatalogueError(sentence % {"name": CSV_NAME})
        return (exact or members)[0]

    def find(self, name: str, base: str) -> Member:
        """By its path from `base`; a bare name anywhere. Raises `LineError`."""
        wanted = _inside(name, base)
        if wanted is None:
            sentence = _("the picture %(name)s is not there: it lies outside")
            raise LineError(sentence % {"name": name})
        members = self.by_path.get(fold(wanted), [])
        if len(members) > 1:
            members = [m for m in members if wanted in m.paths] or members
            members = members[:1] if len({m.key for m in members}) == 1 else members
        elif not members and "/" not in _plain(name):
            members = self.by_name.get(fold(wanted.rpartition("/")[2]), [])
        if len(members) > 1:
            sentence = _(
                "there are several pictures %(name)s: write the folder before it"
            )
            raise LineError(sentence % {"name": name})
        if not members and self._below_a_link(wanted):
            raise LineError(_("the picture %(name)s is a link") % {"name": name})
        if not members:
            raise LineError(_("the picture %(name)s is not there") % {"name": name})
        if members[0].link:
            raise LineError(_("the picture %(name)s is a link") % {"name": name})
        return members[0]

    def _below_a_link(self, path: str) -> bool:
        above = [str(folder) for folder in PurePosixPath(fold(path)).parents]
        return any(m.link for folder in above for m in self.by_path.get(folder, ()))


def _plain(name: str) -> str:
    """`./tops//001.jpg` and `tops\\001.jpg` are `tops/001.jpg`."""
    parts = name.replace("\\", "/").split("/")
    return "/".join(part for part in parts if part not in ("", "."))


def _inside(name: str, base: str = "") -> str | None:
    """The path from the root; None if it leads out of it."""
    name = name.replace("\\", "/")
    if ABSOLUTE.match(name):
        return None
    parts: list[str] = []
    for part in f"{base}/{_plain(name)}".split("/"):
        if part == ".." and not parts:
            return None
        if part == "..":
            parts.pop()
        elif part:
            parts.append(part)
    return "/".join(parts)


def _is_of_a_system(path: str) -> bool:
    """What macOS and Windows put beside one's own files."""
    *folders, name = path.split("/")
    return (
        "__MACOSX" in folders or name.startswith("._") or name.lower() in SYSTEM_FILES
    )


class Folder(Place):
    def __init__(self, root: Path):
        super().__init__(_walk(root))

    def read_member(self, member: Member, most: int) -> bytes:
        try:
            with cast(Path, member.handle).open("rb") as file:
                data: bytes = file.read(most + 1)
        except OSError as error:
            sentence = _("%(name)s cannot be read: %(why)s")
            why = {"name": member.paths[0], "why": error.strerror}
            raise LineError(sentence % why) from error
        return data


def _walk(root: Path) -> Iterator[Member]:
    for folder, folders, files in os.walk(root):
        for name in sorted([*folders, *files]):
            file = Path(folder) / name
            path = file.relative_to(root).as_posix()
            if file.is_symlink():
                yield Member(_spellings(path), file, link=True)
            elif _is_of_a_system(path) or name in folders:
                continue
            elif stat.S_ISREG(file.stat().st_mode):
                yield Member(_spellings(path), file, key=path)


def _spellings(path: str) -> tuple[str, ...]:
    """A name that is not UTF-8 on the disk, also in what it may be meant in."""
    plain = _plain(path)
    if plain.isprintable() or plain.isascii():
        return (plain,)
    return (*_readings(os.fsencode(plain)), plain)


def _readings(raw: bytes) -> list[str]:
    spellings = []
    for page in CODE_PAGES:
        try:
            spellings.append(raw.decode(page))
        except UnicodeDecodeError:
            continue
    return spellings


class Zip(Place):
    def __init__(self, file: IO[bytes]):
        try:
            self.archive = zipfile.ZipFile(file)
        except DAMAGED as error:
            raise CatalogueError(_("This is no zip that can be read.")) from error
        self.unpacked = 0
        super().__init__(_listed(self.archive))

    def close(self) -> None:
        self.archive.close()

    def read_member(self, member: Member, most: int) -> bytes:
        """Whatever its list says of sizes: by what comes out of it."""
        name = {"name": member.paths[0]}
        entry = cast(zipfile.ZipInfo, member.handle)
        if entry.flag_bits & 1:
            raise LineError(_("%(name)s is encrypted in the zip") % name)
        data = bytearray()
        try:
            with self.archive.open(entry) as file:
                while len(data) <= most and (chunk := file.read(CHUNK)):
                    data += chunk
                    self.unpacked += len(chunk)
                    if self.unpacked > MOST_UNPACKED:
                        raise LineError(_("unpacked it is larger than 2 GB"))
        except NotImplementedError as error:
            sentence = _("%(name)s is packed in a way that cannot be read here")
            raise LineError(sentence % name) from error
        except DAMAGED as error:
            raise LineError(_("%(name)s is damaged in the zip") % name) from error
        return bytes(data[: most + 1])


def _listed(archive: zipfile.ZipFile) -> Iterator[Member]:
    for info in archive.infolist():
        paths = [
            path
            for name in _names(info)
            if (path := _inside(name)) and not _is_of_a_system(path)
        ]
        if paths and not info.filename.endswith(("/", "\\")):
            link = stat.S_ISLNK(info.external_attr >> 16)
            key = (info.CRC, info.file_size)
            yield Member(tuple(dict.fromkeys(paths)), info, link, key)


def _names(info: zipfile.ZipInfo) -> list[str]:
    """As its entry says; where that names no code page, as it may be meant."""
    name = info.orig_filename.partition("\0")[0]
    if info.flag_bits & UTF_8:
        return [name]
    raw = name.encode("cp437")
    unicode_name = _unicode_path(info.extra)
    readings = _readings(raw)
    return [*([unicode_name] if unicode_name else []), *readings, name]


def _unicode_path(extra: bytes) -> str:
    """Some zip programs keep the name in UTF-8 beside the one of the code page."""
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        if kind == UNICODE_PATH:
            return extra[9 : 4 + size].decode("utf-8", "ignore")
        extra = extra[4 + size :]
    return ""
