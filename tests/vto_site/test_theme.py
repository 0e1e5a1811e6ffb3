"""The shop's own colour, corners, typeface and logo."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pages import flat
from tryon import emails
from vto_site import theme
from vto_site.env import EnvError


def build(**values: str) -> theme.Theme:
    house = {"accent": "", "typeface": "", "logo": "", "radius": theme.HOUSE_RADIUS}
    return theme.build_theme(**{**house, **values})


def test_contrast_as_wcag_has_it():
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("accent", "red", "is a colour like #7a1f3d"),
        ("accent", "#ffcc00", "too pale to be read on our pages: 1.3 to 1"),
        ("radius", 25, "from 0 to 24"),
        ("typeface", "x; } body { display: none", "a list of families"),
        ("typeface", "'Open", "a list of families"),
        ("logo", "/nowhere/logo.svg", "No such file or directory"),
        ("logo", "logo.exe", "is one of .svg, .png"),
    ],
)
def test_what_cannot_be_is_said_at_the_start(name, value, sentence):
    with pytest.raises(EnvError, match=re.escape(sentence)):
        build(**{name: value})


colors = st.tuples(*[st.integers(0, 255)] * 3).map(
    lambda c: "#{:02x}{:02x}{:02x}".format(*c)
)


@given(colors)
def test_what_is_taken_can_be_read_by_day_and_by_night(color):
    try:
        css = build(accent=color).build_css()
    except EnvError:
        soft = theme.mix(color, "#ffffff", 0.12)
        grounds = (*theme.LIGHT_GROUNDS, soft)
        assert min(theme.contrast(color, ground) for ground in grounds) < 4.5
        return
    by_day, by_night = css.split("@media")
    for rule, grounds in (
        (by_day, theme.LIGHT_GROUNDS),
        (by_night, theme.DARK_GROUNDS),
    ):
        found = dict(re.findall(r"(--[a-z-]+): (#\w{6});", rule))
        accent, soft = found["--accent"], found["--accent-soft"]
        pairs = itertools.chain(
            ((accent, ground) for ground in (*grounds, soft)),
            [(accent, found["--on-accent"])],
        )
        assert min(theme.contrast(*pair) for pair in pairs) >= 4.5


def test_pages_and_letters_wear_it(client, db, settings, tmp_path, mailoutbox):
    logo = tmp_path / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    settings.TRYON_THEME = build(
        accent="#7a1f3d", radius=2, typeface="Georgia, serif", logo=str(logo)
    )
    html = client.get("/").content.decode()
    address = re.search(r'href="(/theme\.css\?v=\w+)"', html).group(1)
    css = client.get(address)
    assert css["Content-Type"] == "text/css" and "immutable" in css["Cache-Control"]
    text = css.content.decode()
    for part in (
        "--accent: #7a1f3d;",
        "--radius: 2px;",
        "--radius-l: 3.5px;",
        "--font: Georgia, serif",
    ):
        assert part in text
    mark = re.search(
        r'src="(/theme/logo\?v=\w+)"\s+alt="Fitting Room"', flat(html)
    ).group(1)
    assert client.get(mark)["Content-Type"] == "image/svg+xml"
    emails.send(
        "stopped_webhook", "x", ["a@example.org"], {"waiting": 1, "url": "https://x/"}
    )
    letter = flat(mailoutbox[0].alternatives[0][0])
    assert "a { color: #7a1f3d; }" in letter and "Georgia, serif" in letter


def test_the_house_needs_none(client, db):
    assert "theme.css" not in client.get("/").content.decode()
    assert client.get("/theme.css").status_code == 404
    assert client.get("/theme/logo").status_code == 404
