"""The second language is complete, and what is compiled is what is written."""

import os
import re
import shutil
import subprocess
import sys

import polib
import pytest

from tests.conftest import missing, which
from vto_site.env import BASE_DIR

CATALOGUE = BASE_DIR / "locale" / "de" / "LC_MESSAGES" / "django.po"
PLACES = re.compile(r"%\(\w+\)[a-z]|%%?[abdnpr]\b")


@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    return polib.pofile(str(CATALOGUE))


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


def test_compiled_is_what_is_written(catalogue):
    compiled = polib.mofile(str(CATALOGUE.with_suffix(".mo")))

    def texts(entries):
        return {
            (e.msgctxt, e.msgid): e.msgstr or tuple(sorted(e.msgstr_plural.items()))
            for e in entries
        }

    assert texts(compiled) == texts(catalogue.translated_entries())


def test_every_text_of_the_code_is_in_it(catalogue, tmp_path):
    """Runs makemessages on a copy."""
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
    found = polib.pofile(str(tmp_path / CATALOGUE.relative_to(BASE_DIR)))
    assert {e.msgid for e in found} == {e.msgid for e in catalogue}
