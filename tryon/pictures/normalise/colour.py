"""Colours to sRGB: from a profile, or from what the container says in its place."""

import functools
import io
import math
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageCms, ImageFilter

SRGB = ImageCms.createProfile("sRGB")
LARGEST_PROFILE = 4 * 1024 * 1024  # bytes; those of printing presses have two million

Point = tuple[float, float]
Primaries = tuple[Point, Point, Point, Point]  # red, green, blue, white

D65 = (0.3127, 0.3290)
BT709 = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), D65)
# The numbers of ITU-T H.273, which `nclx` and `cICP` use.
PRIMARIES: dict[int, Primaries] = {
    1: BT709,
    4: ((0.670, 0.330), (0.210, 0.710), (0.140, 0.080), (0.310, 0.316)),
    5: ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060), D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65),  # BT.2020
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65),  # Display P3
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), D65),
}
SRGB_CURVE, PQ, HLG = "srgb", "pq", "hlg"
# Video's curve (1, 6, 14, 15) is shown as sRGB's, as browsers do.
CURVES: dict[int, str | float] = {4: 2.2, 5: 2.8, 8: 1.0, 16: PQ, 18: HLG}

# A sheet of white paper, in BT.2408's scale, and the screen HLG is made for.
PAPER_WHITE, HLG_PEAK = 203, 1000  # candela a square metre
KNEE = 0.85  # from here lights are pressed together instead of cut off


class Colour(NamedTuple):
    """The primaries, and the curve by name or as a plain power."""

    primaries: Primaries
    curve: str | float


def of_numbers(primaries: int, transfer: int) -> Colour | None:
    """By ITU-T H.273's numbers. None if that is sRGB, or nothing we know."""
    curve = CURVES.get(transfer, SRGB_CURVE)
    named = Colour(PRIMARIES.get(primaries, BT709), curve)
    return None if named == (BT709, SRGB_CURVE) else named


def of_chunks(gamma: float, points: Primaries | None) -> Colour | None:
    """By PNG's `gAMA` and `cHRM`. None if that is as good as sRGB, or nonsense."""
    primaries = points or BT709
    if not 0.2 <= gamma <= 1.1 or not all(_is_sane(point) for point in primaries):
        return None
    close = all(math.dist(a, b) < 0.01 for a, b in zip(primaries, BT709, strict=True))
    if close and abs(gamma - 1 / 2.2) < 0.02:
        return None
    return Colour(BT709 if close else primaries, 1 / gamma)


def _is_sane(point: Point) -> bool:
    x, y = point
    return 0 <= x <= 0.8 and 0 < y <= 0.9 and x + y <= 1


def to_srgb(
    image: Image.Image, profile: bytes | None, colour: Colour | None
) -> Image.Image:
    """An RGB picture; what a broken or foreign profile says is not heard."""
    if profile and len(profile) <= LARGEST_PROFILE:
        converted = _by_profile(image, profile)
        if converted is not None:
            return converted
    image = image.convert("RGB")
    return image if colour is None else image.filter(_table(colour))


def _by_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(source, SRGB, image.mode, "RGB")
        if image.mode == "RGB" and not _keeps_greys(transform):
            return None
        return ImageCms.applyTransform(image, transform)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _keeps_greys(transform: ImageCms.ImageCmsTransform) -> bool:
    """A profile that has been damaged may still be one, and paint everything black."""
    probe = Image.new("RGB", (3, 1))
    probe.putpixel((1, 0), (128, 128, 128))
    probe.putpixel((2, 0), (255, 255, 255))
    converted = ImageCms.applyTransform(probe, transform)
    black, grey, white = np.asarray(converted)[0].astype(int)
    return bool(
        black.max() <= 80 and 60 <= grey.min() <= grey.max() <= 200 <= white.min()
    )


@functools.lru_cache(maxsize=8)
def _table(colour: Colour) -> ImageFilter.Color3DLUT:
    """Every colour's place in sRGB, on a grid; Pillow interpolates between."""
    size = 33 if colour.curve == SRGB_CURVE else 65
    steps = np.linspace(0, 1, size)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    light = _light(np.stack([red, green, blue], axis=-1), colour)
    matrix = np.linalg.inv(_to_xyz(BT709)) @ _adapted(colour.primaries)
    linear = light @ matrix.T
    if colour.curve in (PQ, HLG):
        linear = _pressed(linear)
    return ImageFilter.Color3DLUT(size, _srgb_coded(linear).ravel().tolist())


def _light(coded: np.ndarray, colour: Colour) -> np.ndarray:
    """Linear light, where 1 is white paper."""
    if colour.curve == SRGB_CURVE:
        return np.where(
            coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4
        )
    if colour.curve == PQ:  # SMPTE ST 2084
        power = coded ** (1 / 78.84375)
        part = np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)
        return 10_000 / PAPER_WHITE * part ** (1 / 0.1593017578125)
    if colour.curve == HLG:  # BT.2100, with the system gamma of its screen
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(coded <= 0.5, coded**2 / 3, (np.exp((coded - c) / a) + b) / 12)
        weights = _to_xyz(colour.primaries)[1]
        bright = (scene @ weights)[..., None]
        light: np.ndarray = HLG_PEAK / PAPER_WHITE * bright**0.2 * scene
        return light
    return coded ** float(colour.curve)


def _pressed(linear: np.ndarray) -> np.ndarray:
    """Lights above white paper, drawn in until they fit; their hue stays."""
    most = np.maximum(linear.max(axis=-1, keepdims=True), 1e-6)
    room = 1 - KNEE
    above = KNEE + room * (1 - np.exp(-(most - KNEE) / room))
    return linear * np.where(most > KNEE, above / most, 1)


def _srgb_coded(linear: np.ndarray) -> np.ndarray:
    light = linear.clip(0, 1)
    return np.where(
        light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055
    )


def _to_xyz(primaries: Primaries) -> np.ndarray:
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    weights = np.linalg.solve(columns[:, :3], columns[:, 3])
    return columns[:, :3] * weights


def _adapted(primaries: Primaries) -> np.ndarray:
    """To XYZ under D65, whatever its own white is (Bradford)."""
    bradford = np.array(
        [
            [0.8951, 0.2664, -0.1614],
            [-0.7502, 1.7135, 0.0367],
            [0.0389, -0.0685, 1.0296],
        ]
    )
    own, ours = (
        bradford @ np.array([x / y, 1, (1 - x - y) / y]) for x, y in (primaries[3], D65)
    )
    moved = np.linalg.inv(bradford) @ np.diag(ours / own) @ bradford
    adapted: np.ndarray = moved @ _to_xyz(primaries)
    return adapted
