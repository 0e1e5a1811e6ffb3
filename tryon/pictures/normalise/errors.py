"""What is said to whoever sent a picture that we do not take."""

import struct
import zlib

from django.utils.translation import gettext as _
from PIL import Image

# What Pillow and libheif raise on broken or hostile bytes.
UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    ZeroDivisionError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


class PictureError(Exception):
    """This is not a picture we take; the message is a sentence for its sender."""


class Busy(Exception):
    """No decoder came free in time: answer 503 and let the sender try again."""


def not_readable() -> PictureError:
    return PictureError(
        _(
            "That file is not a picture we can read. "
            "Use a JPEG, PNG, WebP, HEIC or AVIF."
        )
    )


def not_whole() -> PictureError:
    return PictureError(
        _("This file is not whole: a part of the picture is missing. Send it again.")
    )


def nothing_to_see() -> PictureError:
    return PictureError(
        _("This picture is empty: all of it is transparent. Choose another.")
    )
