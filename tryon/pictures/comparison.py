"""What a result changed beside the clothes: photo and result, aligned and compared.

Numbers and a picture of the changed area; nothing here knows rows or people.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageOps

from . import analysis

SIZE = 640  # pixels, long side, at which pictures are compared
ALIGN_SIZE = 320
DIFFERENT = 14  # in CIE Lab
SPECK = 0.0005  # share of the picture below which an area is noise
LAYER_WIDTH = 960  # pixels
JOINED = 0.7  # share of an area in the clothes from which all of it is clothes
# From which on a result is looked at by a person: see test_comparison.py.
BLANK = 8.0
SAME = 0.004
STRETCHED = 1.2
OUTSIDE = 0.15
# Around a face, in faces: how far clothes reach to each side, and down.
SIDE = 1.8
DOWN = {"upper_body": (0.7, 5.0), "lower_body": (2.0, 12.0), "full_body": (0.7, 12.0)}


@dataclass(frozen=True)
class Changes:
    """`share`: of the picture; `outside`: the part of it away from the clothes."""

    share: float
    outside: float
    contrast: float  # standard deviation of the result's grey values
    stretch: float  # the result's shape against the photo's; 1 is the same
    layer: bytes  # WebP: the photo in grey, what changed in colour

    def suspicions(self) -> list[str]:
        """What a person should look at; empty for a sound result."""
        checks = {
            "blank": self.contrast < BLANK,
            "same": self.share < SAME,
            "shape": not 1 / STRETCHED < self.stretch < STRETCHED,
            "outside": self.outside > OUTSIDE,
        }
        return [name for name, wrong in checks.items() if wrong]


def compare(
    photo: bytes, result: bytes, kind: str, face: Sequence[float] | None = None
) -> Changes:
    """`photo`, `result`: stored JPEGs; `kind`: of the clothes, full body for a combo.

    `face`: the photo's, as `analysis` found it; without one it is looked for, which
    takes as long as all the rest. Alignment corrects the small shift that a model
    makes, not another crop.
    """
    after = Image.open(io.BytesIO(result), formats=["JPEG"]).convert("RGB")
    before = Image.open(io.BytesIO(photo), formats=["JPEG"]).convert("RGB")
    stretch = after.width / after.height / (before.width / before.height)
    framed = None if face is None else _framed(face, before.size, after.size)
    before = ImageOps.fit(before, after.size, Image.Resampling.LANCZOS)
    small_after, small_before = _shrunk(after), _shrunk(before)
    aligned = _aligned(small_before, small_after)
    changed = _mask(aligned, small_after)
    outside = changed & ~_clothes(aligned, changed, kind, framed)
    return Changes(
        share=round(float(changed.mean()), 4),
        outside=round(float(outside.mean()), 4),
        contrast=round(float(small_after.std()), 2),
        stretch=round(stretch, 3),
        layer=_layer(before, after, changed),
    )


def _framed(
    face: Sequence[float], before: tuple[int, int], after: tuple[int, int]
) -> Sequence[float]:
    """The same face once `ImageOps.fit` has cut the photo to the result's shape."""
    if not face:
        return face
    fit = max(after[0] / before[0], after[1] / before[1])
    zoom = [fit * old / new for old, new in zip(before, after, strict=True)]
    x, y, width, height = face
    return (
        0.5 + (x - 0.5) * zoom[0],
        0.5 + (y - 0.5) * zoom[1],
        width * zoom[0],
        height * zoom[1],
    )


def _shrunk(image: Image.Image) -> np.ndarray:
    small = image.copy()
    small.thumbnail((SIZE, SIZE), reducing_gap=2.0)
    return np.asarray(small)


def _aligned(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """`before`, shifted so that what did not change lies on the same pixels."""
    scale = ALIGN_SIZE / max(before.shape[:2])
    greys = [
        cv2.resize(
            cv2.cvtColor(plane, cv2.COLOR_RGB2GRAY),
            None,
            fx=scale,
            fy=scale,
            interpolation=cv2.INTER_AREA,
        )
        for plane in (after, before)
    ]
    warp = np.eye(2, 3, dtype=np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-4)
    try:
        _correlation, matrix = cv2.findTransformECC(
            greys[0], greys[1], warp, cv2.MOTION_TRANSLATION, stop
        )
    except cv2.error:
        return before  # nothing in common to align by
    dx, dy = np.asarray(matrix)[:, 2] / scale
    if max(abs(dx), abs(dy)) > SIZE / 20:
        return before
    shift = np.array([[1, 0, dx], [0, 1, dy]], dtype=np.float32)
    height, width = before.shape[:2]
    return cv2.warpAffine(
        before,
        shift,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _mask(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    planes = [
        cv2.cvtColor(
            cv2.GaussianBlur(p, (0, 0), 2).astype(np.float32) / 255, cv2.COLOR_RGB2Lab
        )
        for p in (before, after)
    ]
    apart = planes[0] - planes[1]
    squared = np.einsum("ijk,ijk->ij", apart, apart)
    mask = (squared > DIFFERENT**2).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel)
    _count, labels, stats, _centres = cv2.connectedComponentsWithStats(mask)
    large = stats[:, cv2.CC_STAT_AREA] >= SPECK * mask.size
    large[0] = False  # what did not change
    kept: np.ndarray = large[labels]
    return kept


def _clothes(
    before: np.ndarray,
    changed: np.ndarray,
    kind: str,
    face: Sequence[float] | None,
) -> np.ndarray:
    """Where clothes of this kind are, with all that changed in one piece with them."""
    height, width = changed.shape
    zone = np.zeros_like(changed)
    box: Sequence[float]
    if face is None:
        box = analysis.find_face(cv2.cvtColor(before, cv2.COLOR_RGB2GRAY)) or ()
    else:
        box = [share * (width, height)[n % 2] for n, share in enumerate(face)]
    if not box:
        top, bottom = (0.5, 1.0) if kind == "lower_body" else (0.12, 1.0)
        zone[round(top * height) : round(bottom * height), width // 6 : -width // 6] = (
            True
        )
    else:
        x, y, size, _height = box
        face_centre = x + size / 2
        top, bottom = (y + size + size * faces for faces in _down(kind))
        left, right = face_centre - SIDE * size, face_centre + SIDE * size
        zone[
            max(round(top), 0) : max(round(bottom), 0),
            max(round(left), 0) : max(round(right), 0),
        ] = True
    count, labels = cv2.connectedComponents(changed.astype(np.uint8))
    for label in range(1, count):
        piece = labels == label
        if (piece & zone).sum() > piece.sum() * JOINED:
            zone |= piece
    return zone


def _down(kind: str) -> tuple[float, float]:
    """From below the chin, in faces."""
    first, last = DOWN.get(kind, DOWN["full_body"])
    return first - 0.9, last


def _layer(before: Image.Image, after: Image.Image, changed: np.ndarray) -> bytes:
    grey = ImageOps.grayscale(before).point(lambda value: 96 + value * 0.6)
    mask = Image.fromarray((changed * 255).astype(np.uint8)).resize(after.size)
    layer = Image.composite(after, grey.convert("RGB"), mask)
    layer.thumbnail((LAYER_WIDTH, layer.height * LAYER_WIDTH))
    out = io.BytesIO()
    # A tenth larger than the best in half the time: only reviewers see it.
    layer.save(out, "WEBP", quality=80, method=2)
    return out.getvalue()
