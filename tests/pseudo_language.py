"""A language nobody speaks, made by a machine: right to left, and longer by 40 %.

Whatever is cut off, overlaps or is not translated shows in it. It takes the place of
Hebrew, whose direction and fonts browsers know. ``DJANGO_SETTINGS_MODULE=
tests.pseudo_language`` runs the site in it, from the catalogue in PSEUDO_LOCALE.
"""

import os
import re
from itertools import cycle
from pathlib import Path

import polib

from vto_site.env import BASE_DIR
from vto_site.settings import *  # noqa: F403

CODE = "he"
LONGER = 1.4
# What a catalogue must keep: places for values, tags, entities, formats of dates.
KEPT = re.compile(r"(%\(\w+\)[a-z]|%%?[a-z]|<[^>]+>|&\w+;|\{\w+\})")
DATES = re.compile(r"[jFHinMYNdmbPy ,:.]+|.*\\.*")
LETTERS = dict(
    zip("abcdefghijklmnopqrstuvwxyz", "אבגדהוזחטיכלמנסעפצקרשתאבגד", strict=True)
)

LANGUAGES = [("en", "English"), (CODE, "Pseudo")]
if "PSEUDO_LOCALE" in os.environ:
    LOCALE_PATHS = [Path(os.environ["PSEUDO_LOCALE"])]


def translate(text: str) -> str:
    """The same in letters of another script, with some words once more."""
    if DATES.fullmatch(text):
        return text
    pieces = KEPT.split(text)
    script = "".join(
        piece if KEPT.fullmatch(piece) else _in_letters(piece) for piece in pieces
    )
    words = _in_letters(KEPT.sub(" ", text)).split()
    end = "\n" if text.endswith("\n") else ""
    script = script.rstrip("\n")
    wanted = LONGER * len(text)
    for word in cycle(words or ["א"]):
        if len(script) >= wanted:
            break
        script += f" {word}"
    return script + end


def _in_letters(text: str) -> str:
    return "".join(LETTERS.get(letter.lower(), letter) for letter in text)


def write_catalogue(folder: Path) -> None:
    """`folder`: for PSEUDO_LOCALE."""
    path = BASE_DIR / "locale" / "de" / "LC_MESSAGES" / "django.po"
    catalogue = polib.pofile(str(path))
    catalogue.metadata["Language"] = CODE
    catalogue.metadata["Plural-Forms"] = "nplurals=2; plural=(n != 1);"
    for entry in catalogue:
        if entry.msgid_plural:
            forms = {0: entry.msgid, 1: entry.msgid_plural}
            entry.msgstr_plural = {n: translate(text) for n, text in forms.items()}
        else:
            entry.msgstr = translate(entry.msgid)
    target = folder / CODE / "LC_MESSAGES"
    target.mkdir(parents=True)
    catalogue.save_as_mofile(str(target / "django.mo"))
