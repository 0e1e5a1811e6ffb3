"""What the measurements of a picture mean: advice before a try is spent.

Advice only: any picture that can be read may be used. The thresholds were set on real
photographs and made defects (tests/tryon/presentation/test_photo_advice.py).
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..models import Garment, GarmentKind, Photo
from ..pictures.analysis import Measured

DARK = 130  # of 255: the brightest tenth of a sound photo begins well above
GLARE = 0.2
BLURRED = 0.55
SMALL_PERSON = 800  # pixels, long side
SMALL_GARMENT = 600
# Faces that fit below the chin: to the waist, to the ankles.
TO_WAIST = 2.2
TO_ANKLES = 5.5
BUSY = 0.5


@dataclass(frozen=True)
class Line:
    """`share` is where the value stands from bad (0) to good (1); from 1/2 on it is
    good. `repair` names the tool that mends it, `code` the line, for programs."""

    code: str
    name: str
    value: str
    share: float
    advice: str = ""
    repair: str = ""

    @property
    def good(self) -> bool:
        return not self.advice

    @property
    def percent(self) -> int:
        return round(self.share * 100)


@dataclass(frozen=True)
class ReportCard:
    lines: list[Line]

    @property
    def problems(self) -> list[Line]:
        return [line for line in self.lines if not line.good]

    @property
    def summary(self) -> str:
        """One sentence for the place under the photo."""
        if not self.problems:
            return _("Good to go: sharp, well lit and large enough.")
        return self.problems[0].advice


def advise_on_photo(photo: Photo, kind: str = "") -> ReportCard | None:
    """Problems first. `kind`: of the clothes, for how much must be in view.

    None for a photo from before there was anything measured.
    """
    if not photo.measured:
        return None
    m = Measured(**photo.measured)
    lines = [
        _light(m),
        _sharpness(m),
        _size(photo, SMALL_PERSON),
        *_in_view(m, kind),
        _upright(m),
    ]
    return _ordered(lines)


def advise_on_garment(garment: Garment) -> ReportCard | None:
    if not garment.measured:
        return None
    m = Measured(**garment.measured)
    return _ordered([_background(m), _sharpness(m), _size(garment, SMALL_GARMENT)])


def _ordered(lines: list[Line]) -> ReportCard:
    return ReportCard(sorted(lines, key=lambda line: line.good))


def _scale(value: float, bad: float, limit: float) -> float:
    """0 at `bad`, 1/2 at `limit`, on to 1 as far again."""
    return min(max((value - bad) / (limit - bad) / 2, 0.0), 1.0)


def _light(m: Measured) -> Line:
    name, value = _("Light"), _("%(n)d of 100") % {"n": round(m.light / 2.55)}
    if m.light < DARK:
        advice = _("A little dark, so colours may come out dull.")
        return Line("dark", name, value, _scale(m.light, 0, DARK), advice, "brighten")
    if m.glare > GLARE:
        advice = _("Very bright: parts of it are plain white. Step out of the light.")
        share = _scale(-m.glare, -1, -GLARE)
        return Line("too_bright", name, _("Too bright"), share, advice)
    return Line("light", name, value, _scale(m.light, 0, DARK))


def _sharpness(m: Measured) -> Line:
    share = _scale(-m.blur, -1, -BLURRED)
    if m.blur > BLURRED:
        advice = _("Blurry. Wipe the lens and hold still.")
        return Line("blurry", _("Sharpness"), _("Blurry"), share, advice)
    return Line("sharpness", _("Sharpness"), _("Sharp"), share)


def _size(row: Photo | Garment, limit: int) -> Line:
    long_side = max(row.width, row.height)
    value = f"{row.width} × {row.height}"
    share = _scale(long_side, 0, limit)
    if long_side < limit:
        advice = _("Small: %(size)s. Twice that looks much better.") % {"size": value}
        return Line("small", _("Size"), value, share, advice)
    return Line("size", _("Size"), value, share)


def _in_view(m: Measured, kind: str) -> list[Line]:
    if m.below_face is None:
        return []
    long = kind in (GarmentKind.LOWER, GarmentKind.FULL)
    limit = TO_ANKLES if long else TO_WAIST
    share = _scale(m.below_face, 0, limit)
    if m.below_face >= limit:
        value = _("Enough") if m.below_face < TO_ANKLES else _("In full")
        return [Line("in_view", _("In view"), value, share)]
    if m.below_face < TO_WAIST and not long:
        advice = _("Only your face is in view. Step back until your hips are too.")
        return [Line("face_only", _("In view"), _("Face only"), share, advice)]
    advice = _("Not all of you is in view. For this piece we need you to the ankles.")
    return [Line("not_in_full", _("In view"), _("Upper part"), share, advice)]


def _upright(m: Measured) -> Line:
    if m.turn:
        tool, advice = f"rotate-{m.turn}", _("It lies on its side.")
        return Line("sideways", _("Upright"), _("Sideways"), 0.1, advice, tool)
    return Line("upright", _("Upright"), _("Upright"), 0.9)


def _background(m: Measured) -> Line:
    share = _scale(-m.busy, -1, -BUSY)
    if m.busy >= BUSY:
        advice = _("A busy background; a plain one works better.")
        return Line("busy_background", _("Background"), _("Busy"), share, advice)
    return Line("background", _("Background"), _("Plain"), share)
