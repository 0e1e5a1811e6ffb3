"""The shop's own colour, corners, typeface and logo, checked before anybody sees them.

One colour is asked for. What stands on it, its pale ground and its form for dark pages
are derived, so that all of it can be read (WCAG 2.2, contrast of 4.5 to 1).
"""

import colorsys
import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .env import EnvError

CONTRAST = 4.5
LIGHT_GROUNDS = ("#fbfbfa", "#ffffff", "#f1f1ef")  # static/css/tokens.css
DARK_GROUNDS = ("#121314", "#1b1d1f", "#0b0c0c")
HOUSE_RADIUS = 8.0  # px
MOST_RADIUS = 24
TYPEFACE = re.compile(r"[\w ,'\"-]{1,200}")
LOGOS = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
}
LARGEST_LOGO = 200_000  # bytes


def contrast(one: str, other: str) -> float:
    """From 1 to 21, of two colours as `#rrggbb` (WCAG 2.2, relative luminance)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in _parts(color)
    ]
    return sum(
        share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
    )


def _parts(color: str) -> tuple[float, float, float]:
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _join(parts: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def mix(color: str, ground: str, share: float) -> str:
    """`share` of the colour, the rest of the ground."""
    both = zip(_parts(color), _parts(ground), strict=True)
    red, green, blue = (share * a + (1 - share) * b for a, b in both)
    return _join((red, green, blue))


def lighten(color: str, grounds: tuple[str, ...]) -> str:
    """The same hue, as light as it must be to be read on all of `grounds`."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_parts(color))
    while lightness < 1:
        lighter = _join(colorsys.hls_to_rgb(hue, lightness, saturation))
        if all(contrast(lighter, ground) >= CONTRAST for ground in grounds):
            return lighter
        lightness += 0.01
    return "#ffffff"


def _text_on(color: str) -> str:
    return max(("#ffffff", "#17181a"), key=lambda text: contrast(color, text))


@dataclass(frozen=True)
class Theme:
    """What a shop has set; empty is the house's own."""

    accent: str = ""
    radius: float = HOUSE_RADIUS  # px, of buttons; others in proportion
    typeface: str = ""
    logo: Path | None = None

    @property
    def is_set(self) -> bool:
        return bool(self.accent or self.typeface) or self.radius != HOUSE_RADIUS

    @cached_property
    def version(self) -> str:
        """For addresses, so that a browser asks anew once something has changed."""
        logo = self.logo.read_bytes() if self.logo is not None else b""
        return hashlib.sha256(self.build_css().encode() + logo).hexdigest()[:12]

    @property
    def link_color(self) -> str:
        """For letters."""
        return self.accent or "#0f5e6b"

    @property
    def letter_font(self) -> str:
        return f"{self.typeface}, sans-serif" if self.typeface else "sans-serif"

    def build_css(self) -> str:
        """Over static/css/tokens.css, whose names it sets."""
        light: dict[str, str] = {}
        dark: dict[str, str] = {}
        if self.accent:
            soft = mix(self.accent, DARK_GROUNDS[0], 0.35)
            dark = _color_tokens(lighten(self.accent, (*DARK_GROUNDS, soft)), soft)
            light = _color_tokens(self.accent, mix(self.accent, "#ffffff", 0.12))
            light["--mark"] = self.accent
        light["--radius-s"] = f"{self.radius / 2:g}px"
        light["--radius"] = f"{self.radius:g}px"
        light["--radius-l"] = f"{self.radius * 1.75:g}px"
        if self.typeface:
            light["--font"] = f'{self.typeface}, "Fallback", system-ui, sans-serif'
        css = f"@layer tokens {{ :root {{ {_declare(light)} }} "
        dark_rule = f":root {{ {_declare(dark)} }}"
        return f"{css}@media (prefers-color-scheme: dark) {{ {dark_rule} }} }}\n"


def _color_tokens(accent: str, soft: str) -> dict[str, str]:
    on_accent = _text_on(accent)
    return {"--accent": accent, "--accent-soft": soft, "--on-accent": on_accent}


def _declare(tokens: dict[str, str]) -> str:
    return " ".join(f"{name}: {value};" for name, value in tokens.items())


def build_theme(*, accent: str, radius: float, typeface: str, logo: str) -> Theme:
    """Of TRYON_THEME_*. Raises `EnvError` with what to do about it."""
    if not 0 <= radius <= MOST_RADIUS:
        raise EnvError(f"TRYON_THEME_RADIUS is in pixels, from 0 to {MOST_RADIUS}.")
    return Theme(
        accent=_check_accent(accent.lower()),
        radius=radius,
        typeface=_check_typeface(typeface),
        logo=_find_logo(logo),
    )


def _check_accent(accent: str) -> str:
    if not accent:
        return ""
    if not re.fullmatch("#[0-9a-f]{6}", accent):
        raise EnvError(f"TRYON_THEME_ACCENT is a colour like #7a1f3d, not {accent!r}.")
    soft = mix(accent, "#ffffff", 0.12)
    least = min(contrast(accent, ground) for ground in (*LIGHT_GROUNDS, soft))
    if least < CONTRAST:
        raise EnvError(
            f"TRYON_THEME_ACCENT {accent} is too pale to be read on our pages: "
            f"{least:.1f} to 1, {CONTRAST} are needed. Choose a darker one."
        )
    return accent


def _check_typeface(typeface: str) -> str:
    quotes_match = typeface.count('"') % 2 == 0 and typeface.count("'") % 2 == 0
    if typeface and not (TYPEFACE.fullmatch(typeface) and quotes_match):
        raise EnvError(
            "TRYON_THEME_TYPEFACE is a list of families as CSS has it, such as "
            "Georgia, 'Times New Roman', serif."
        )
    return typeface


def _find_logo(name: str) -> Path | None:
    if not name:
        return None
    path = Path(name)
    if path.suffix.lower() not in LOGOS:
        raise EnvError(f"TRYON_THEME_LOGO is one of {', '.join(LOGOS)}, not {name!r}.")
    try:
        size = path.stat().st_size
    except OSError as error:
        raise EnvError(f"TRYON_THEME_LOGO: {error.strerror}: {name}.") from None
    if size > LARGEST_LOGO:
        raise EnvError(
            f"TRYON_THEME_LOGO is {size} bytes: it is loaded with every page, so at "
            f"most {LARGEST_LOGO}."
        )
    return path
