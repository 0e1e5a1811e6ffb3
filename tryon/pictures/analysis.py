"""What can be measured about a picture before a try is spent on it.

Numbers only; `presentation.photo_advice` says what they mean. All are of a picture that
is upright in its file, at most 768 pixels long, so that one costs some tens of
milliseconds.
"""

import threading
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

# A classifier works in its own memory: two threads at once break each other's search.
_one_at_a_time = threading.Lock()
# Tasks and requests are the threads here; more of OpenCV's own only get in their way.
cv2.setNumThreads(1)

SHARPNESS_SIZE = 768  # pixels, long side
FACE_SIZE = 480
RING = 0.06  # of each side: where a garment's background shows
CLIPPED = 250  # of 255
WIDE = 1.15  # times its height: people stand


@dataclass(frozen=True)
class Measured:
    """Shares are 0 to 1; light is 0 to 255."""

    blur: float  # 0 sharp, 1 smooth (Crété-Roffet 2007)
    light: float  # the brightest tenth begins here
    glare: float  # share that is white without drawing
    below_face: float | None  # how many faces fit between chin and lower edge
    turn: int  # degrees counter-clockwise that would put the face upright
    busy: float  # share of the border that is not plain
    # x, y, width, height, as shares of the picture's; empty where there is none, and
    # not measured in what came before this was.
    face: tuple[float, ...] | None = None

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def measure(image: Image.Image, *, person: bool) -> Measured:
    """Of an RGB picture; of people, also where the face is."""
    grey = _shrunk(image.convert("L"), SHARPNESS_SIZE)
    small = _shrunk(grey, FACE_SIZE)
    plane = np.asarray(small)
    face, turn = _face(plane) if person else (None, 0)
    zone = plane if face is None else _around(plane, face)
    below, shares = None, tuple[float, ...]()
    if face is not None:
        _x, y, _w, height = face
        below = round((plane.shape[0] - y - height) / height, 2)
        sides = (plane.shape[1], plane.shape[0]) * 2
        shares = tuple(
            round(pixels / side, 4) for pixels, side in zip(face, sides, strict=True)
        )
    return Measured(
        blur=round(_blur(np.asarray(grey)), 3),
        light=float(np.percentile(plane, 90)),
        glare=round(float((zone >= CLIPPED).mean()), 3),
        below_face=below,
        turn=turn,
        busy=round(_busy(plane), 3),
        face=shares if person else None,
    )


def _shrunk(image: Image.Image, size: int) -> Image.Image:
    small = image.copy()
    small.thumbnail((size, size), reducing_gap=2.0)
    return small


def _blur(grey: np.ndarray) -> float:
    """How little a picture loses when it is blurred once more: much means sharp."""
    plain = grey.astype(np.float32)
    worst = 0.0
    for axis, kernel in ((0, (1, 11)), (1, (11, 1))):
        there = np.abs(np.diff(plain, axis=axis))
        left = np.abs(np.diff(cv2.blur(plain, kernel), axis=axis))
        total = float(there.sum())
        lost = float(np.maximum(there - left, 0).sum())
        worst = max(worst, 1 - lost / total if total else 0)
    return worst


Box = tuple[int, int, int, int]  # x, y, width, height


@cache
def _cascade() -> cv2.CascadeClassifier:
    folder = Path(cv2.__file__).parent / "data"
    return cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_default.xml"))


def find_face(grey: np.ndarray) -> Box | None:
    """The largest upright face in a picture about 480 pixels long."""
    faces = _faces(grey)
    return max((box for box, _ in faces), key=lambda box: box[2]) if faces else None


def _face(grey: np.ndarray) -> tuple[Box | None, int]:
    """The largest face, and the turn at which one stands upright.

    People stand: only a wide picture without an upright face can lie on its side.
    """
    upright = find_face(grey)
    if upright is not None:
        return upright, 0
    height, width = grey.shape
    if width < height * WIDE:
        return None, 0
    turned = {turn: _faces(np.rot90(grey, turn // 90)) for turn in (90, 270)}
    sure = {
        turn: max((weight for _, weight in faces), default=0.0)
        for turn, faces in turned.items()
    }
    return None, max(sure, key=lambda one: sure[one])


def _faces(grey: np.ndarray) -> list[tuple[Box, float]]:
    """In the upper two thirds, where faces are, with how sure each is."""
    upper = np.ascontiguousarray(grey[: grey.shape[0] * 2 // 3])
    with _one_at_a_time:
        boxes, _levels, weights = _cascade().detectMultiScale3(
            upper, 1.2, 4, minSize=(26, 26), outputRejectLevels=True
        )
    faces = []
    for box, weight in zip(boxes, weights, strict=True):
        x, y, width, height = (int(number) for number in box)
        faces.append(((x, y, width, height), float(weight)))
    return faces


def _around(grey: np.ndarray, face: Box) -> np.ndarray:
    """The face and the upper body, where light matters."""
    x, y, width, height = face
    left, right = max(x - width // 2, 0), x + width + width // 2
    return grey[y : y + 4 * height, left:right]


def _busy(grey: np.ndarray) -> float:
    """The share of the border that has edges or shades in it.

    A piece may touch the border at places; a room is everywhere.
    """
    edges = cv2.Canny(cv2.GaussianBlur(grey, (3, 3), 0), 40, 120) > 0
    band = max(round(RING * min(grey.shape)), 4)
    busy = []
    for lines, shades in zip(_strips(edges, band), _strips(grey, band), strict=True):
        busy.append(lines.mean() > 0.01 or shades.std() > 12)
    return float(sum(busy) / len(busy))


def _strips(plane: np.ndarray, band: int) -> list[np.ndarray]:
    sides = (plane[:band], plane[-band:], plane[:, :band].T, plane[:, -band:].T)
    return [piece for side in sides for piece in np.array_split(side, 6, axis=1)]
