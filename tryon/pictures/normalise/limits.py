"""How large a picture may be, in bytes and pixels."""

import hashlib
import io
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .errors import PictureError


@dataclass(frozen=True)
class Limits:
    long_side: int  # pixels it is fitted to
    short_side: int  # pixels it must have
    megabytes: float
    megapixels: float  # that are decoded: a JPEG can be read at a fraction
    person: bool | None = None  # a person, clothes, or nothing to be measured


def check_bytes(file: BinaryIO, limit: float) -> str:
    """Its digest. Raises `PictureError`."""
    size = file.seek(0, io.SEEK_END)
    if size == 0:
        raise PictureError(_("That file is empty. Choose another."))
    if size > limit * 1024 * 1024:
        raise PictureError(
            _("This picture is over %(limit)g MB. Choose a smaller one.")
            % {"limit": limit}
        )
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    return digest


def check_pixels(size: tuple[int, int], limits: Limits, fraction: int = 1) -> None:
    """`fraction`: a side of what is decoded is that part of the picture's.

    Raises `PictureError`.
    """
    width, height = size
    limit, short_side = limits.megapixels, limits.short_side
    if width * height / fraction**2 > limit * 1_000_000:
        raise PictureError(
            ngettext(
                "This picture is %(width)d × %(height)d pixels, over %(limit)g "
                "megapixel. Choose a smaller one.",
                "This picture is %(width)d × %(height)d pixels, over %(limit)g "
                "megapixels. Choose a smaller one.",
                1 if limit == 1 else 2,  # it may be a fraction
            )
            % {"width": width, "height": height, "limit": limit}
        )
    shrunk = min(1.0, limits.long_side / max(width, height))
    if min(width, height) >= short_side > min(width, height) * shrunk:
        raise PictureError(
            _(
                "This picture is %(width)d × %(height)d pixels, too narrow for its "
                "length. Crop it to the person or the piece."
            )
            % {"width": width, "height": height}
        )
    if min(width, height) < short_side:
        raise PictureError(
            _(
                "This picture is only %(width)d × %(height)d pixels; each side must "
                "be %(least)d or more."
            )
            % {"width": width, "height": height, "least": short_side}
        )


def too_much(size: tuple[int, int]) -> PictureError:
    """More memory than one picture may have, though not too many pixels."""
    return PictureError(
        _(
            "This picture is %(width)d × %(height)d pixels, too large for its kind of "
            "file. Make it smaller, or save it as a JPEG that is not progressive."
        )
        % {"width": size[0], "height": size[1]}
    )
