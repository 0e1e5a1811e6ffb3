"""A catalogue that can be taken in: its table, and its pictures by name."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _

from . import table
from .errors import CatalogueError, LineError
from .places import CSV_NAME, Folder, Place, Zip

MOST_CSV = 20_000_000  # bytes


class Shop:
    """Raises `CatalogueError` if there is no table in it that can be read."""

    def __init__(self, place: Place):
        self.place = place
        member = place.find_csv()
        self.base = member.paths[0].rpartition("/")[0]
        try:
            data = place.read_member(member, MOST_CSV)
        except LineError as error:
            raise CatalogueError(str(error)) from error
        if len(data) > MOST_CSV:
            raise CatalogueError(
                _("%(name)s is larger than 20 MB.") % {"name": CSV_NAME}
            )
        self.table = table.read(data)

    def picture(self, name: str) -> bytes:
        """One that is too large is cut. Raises `LineError`."""
        most = round(settings.TRYON_MAX_UPLOAD_MB * 1024 * 1024)
        return self.place.read_member(self.place.find(name, self.base), most)


@contextmanager
def open_shop(source: Path | IO[bytes]) -> Iterator[Shop]:
    """A folder, the path of a zip, or an open zip. Raises `CatalogueError`."""
    if isinstance(source, Path) and source.is_dir():
        yield Shop(Folder(source.resolve()))
    elif isinstance(source, Path):
        with _file(source) as file, closing(Zip(file)) as place:
            yield Shop(place)
    else:
        with closing(Zip(source)) as place:
            yield Shop(place)


def _file(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        sentence = _("%(name)s cannot be read: %(why)s")
        why = {"name": path, "why": error.strerror}
        raise CatalogueError(sentence % why) from error
