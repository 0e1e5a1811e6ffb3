"""What stands behind a picture that is transparent."""

import numpy as np
from PIL import Image

from .errors import nothing_to_see

GROUNDS = (255, 128, 64)  # greys; white unless the piece is lost on it
ALIKE = 40  # of 255, in each channel
LOST = 0.15  # share of the piece
VISIBLE = 32  # of 255
SAMPLE = 256  # pixels, long side


def on_ground(image: Image.Image, alpha: Image.Image) -> Image.Image:
    """An RGB picture on the ground where most of it stands out.

    Raises `PictureError` where nothing is to be seen.
    """
    levels = np.asarray(alpha)
    if levels.max() < VISIBLE:
        raise nothing_to_see()
    if levels.min() == 255:
        return image
    grey = _ground(image, alpha)
    canvas = Image.new("RGB", image.size, (grey, grey, grey))
    canvas.paste(image, mask=alpha)
    return canvas


def _ground(image: Image.Image, alpha: Image.Image) -> int:
    step = max(1, max(image.size) // SAMPLE)
    visible = np.asarray(alpha)[::step, ::step] >= VISIBLE
    if not visible.any():
        return GROUNDS[0]
    colours = np.asarray(image)[::step, ::step][visible].astype(int)
    lost = {
        grey: float((abs(colours - grey) < ALIKE).all(axis=-1).mean())
        for grey in GROUNDS
    }
    return next(
        (grey for grey in GROUNDS if lost[grey] <= LOST),
        min(GROUNDS, key=lambda grey: lost[grey]),
    )
