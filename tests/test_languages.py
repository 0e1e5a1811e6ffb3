"""Every language is complete, and what is compiled is what is written."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.conf import settings

from tests.conftest import missing, which
from vto_site.env import BASE_DIR

pytestmark = pytest.mark.anywhere

LANGUAGES = ("de", "es", "fr", "it", "nl")
PLACES = re.compile(r"%\(\w+\)[a-z]|%%?[abdnpr]\b")
# In templates every place is a `%(name)s`: these names hold words, all others count.
WORDS = (
    "address|category|charset|counts|email|encoding|goes|host|key|kinds|label|name"
    "|names|number|other|place|program|q|reason|shop|sku|skus|state|status|time|type"
    "|until|version|when|who|why"
)
COUNTS = re.compile(rf"%\((?!(?:{WORDS})\))\w+\)[a-z]|%%?[dnpr]\b")
# A count that no word of the sentence, in any language, follows.
NO_PLURAL = {
    "Times are the shop's: %(zone)s.": "a name",
    "%(a)s to %(b)s of %(n)s": "figures alone",
    "%(done)s of %(n)s": "figures alone",
    "%%d of %%n": "figures alone, set by a script",
    "%(room)s of %(limit)s free now.": "figures alone",
    "%(n)d of 100": "a mark on a scale",
    "%(n)s × 429.": "figures alone",
    "Sending, %%p %%": "a percentage alone",
    "At most %(most)s in a minute; the limit is %(limit)s": "figures alone",
    "answered after %(n)s s": "a unit's sign",
    "This picture is over %(limit)g MB. Choose a smaller one.": "a unit's sign",
    "About %(n)d½ minutes": "a half beside it: never one",
    "You are number %(n)d in line.": "a place, not a count",
    "Small: %(size)s. Twice that looks much better.": "800 × 600",
    "This picture is %(width)d × %(height)d pixels, too narrow for its length. "
    "Crop it to the person or the piece.": "a size",
    "This picture is %(width)d × %(height)d pixels, too large for its kind of file. "
    "Make it smaller, or save it as a JPEG that is not progressive.": "a size",
    "This picture is only %(width)d × %(height)d pixels; each side must be "
    "%(least)d or more.": "a size",
    "%(top)s and %(bottom)s": "names",
    "More than %(n)d lines.": "a limit of thousands",
    "%(new)s new, %(changed)s changed, %(pictures)s with another picture, "
    "%(same)s unchanged, %(bad)s not.": "figures alone",
    "%(n)s %(name)s and more": "ten thousand: never one",
    "More than %(n)d files.": "a limit of thousands",
    "More than %(n)d columns.": "a limit of hundreds",
    "line %(line)d has this SKU as %(other)s: is it the same piece?": "a place",
    "Import %(n)s": "a button's figure",
    "%(retired)s retired, %(back)s back, %(left_out)s left out.": "figures alone",
    "More than %(n)d problems: the others are not listed.": "a limit of hundreds",
    "%(n)d pieces would be retired at once, more than %(share)d %% of those that "
    "this feed has brought. None was: is the feed whole? If so, retire them in the "
    "admin.": "five or more",
}


def find_catalogue(language: str) -> Path:
    return Path("locale") / language / "LC_MESSAGES" / "django.po"


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def catalogue(language: str) -> polib.POFile:
    entries = polib.pofile(str(BASE_DIR / find_catalogue(language)))
    assert len(entries) > 500
    return entries


def test_all_that_are_offered_are_here():
    assert set(dict(settings.LANGUAGES)) == {"en", *LANGUAGES}


def test_everything_is_translated(catalogue):
    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []
    assert [entry.msgid for entry in catalogue.obsolete_entries()] == []


def test_places_for_values_are_the_same(catalogue):
    for entry in catalogue:
        wanted = set(PLACES.findall(entry.msgid + (entry.msgid_plural or "")))
        for text in (entry.msgstr_plural or {0: entry.msgstr}).values():
            assert set(PLACES.findall(text)) <= wanted, entry.msgid
        told = entry.msgstr or "".join(entry.msgstr_plural.values())
        assert wanted <= set(PLACES.findall(told)), entry.msgid


def test_compiled_is_what_is_written(catalogue, language):
    path = BASE_DIR / find_catalogue(language)
    compiled = polib.mofile(str(path.with_suffix(".mo")))

    def texts(entries):
        return {
            (e.msgctxt, e.msgid): e.msgstr or tuple(sorted(e.msgstr_plural.items()))
            for e in entries
        }

    assert texts(compiled) == texts(catalogue.translated_entries())


@pytest.fixture(scope="module")
def texts_of_the_code(tmp_path_factory) -> polib.POFile:
    """Runs makemessages on a copy."""
    tmp_path = tmp_path_factory.mktemp("makemessages")
    if which("xgettext") is None:
        missing("gettext", "apt-get install gettext")
    for name in ("tryon", "templates", "vto_site", "locale", "manage.py"):
        source = BASE_DIR / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / name)
    command = [sys.executable, "manage.py", "makemessages", "-l", "de", "--no-obsolete"]
    settings = {
        "DJANGO_SETTINGS_MODULE": "vto_site.settings",
        "ENV_FILE": "",
        "DEBUG": "1",
        "DATA_DIR": str(tmp_path),
    }
    subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, **settings},
        check=True,
        capture_output=True,
    )
    return polib.pofile(str(tmp_path / find_catalogue("de")))


def test_every_text_of_the_code_is_in_it(catalogue, texts_of_the_code):
    assert {e.msgid for e in texts_of_the_code} == {e.msgid for e in catalogue}


def test_what_counts_has_a_plural(texts_of_the_code):
    """ "today's 1 tries": never again."""
    single = [e.msgid for e in texts_of_the_code if not e.msgid_plural]
    counting = [text for text in single if COUNTS.search(text)]
    assert [text for text in counting if text not in NO_PLURAL] == []
    assert NO_PLURAL.keys() <= set(single)


def test_plurals_are_plurals_in_the_catalogue_too(catalogue, texts_of_the_code):
    def forms(entries):
        return {(e.msgid, e.msgid_plural) for e in entries if e.msgid_plural}

    assert forms(texts_of_the_code) == forms(catalogue)


@pytest.mark.parametrize("trick", ["capfirst", "lower", "upper", "title"])
def test_names_are_shown_as_they_are_written(trick):
    """No filter and no style changes letters; only a language's own name is raised."""
    templates = [*(BASE_DIR / "templates").rglob("*.*")]
    sheets = [*(BASE_DIR / "static" / "css").glob("*.css")]
    assert len(templates) > 30 and sheets
    found = [
        f"{path.relative_to(BASE_DIR)}: {line.strip()}"
        for path in templates
        for line in path.read_text().splitlines()
        if f"|{trick}" in line and "info.name_local|capfirst" not in line
    ]
    styles = [
        str(path.relative_to(BASE_DIR))
        for path in sheets
        if "text-transform" in path.read_text()
    ]
    assert found + styles == []
