"""Invariants of the whole repository; each guard asserts that it saw something."""

import re
import subprocess

import pytest
from django.core.management import call_command
from django.template.loader import render_to_string

from vto_site.env import BASE_DIR

pytestmark = pytest.mark.anywhere


def tracked(*patterns: str) -> list:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *patterns],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    return [BASE_DIR / name for name in listed.stdout.splitlines()]


def test_no_file_is_much_longer_than_400_lines():
    files = [
        p for p in tracked("*.py", "*.html", "*.js") if "migrations" not in p.parts
    ]
    assert len(files) > 80
    code = [p for p in files if "tests" not in p.parts]
    long = {p.name: n for p in code if (n := len(p.read_text().splitlines())) > 400}
    assert long == {}


def test_no_line_of_a_page_is_longer_than_100_columns():
    """The formatters leave a long text or tag as it is."""
    files = tracked("templates/*.html", "static/*.css", "static/*.js")
    assert len(files) > 100
    long = [
        f"{path.name}:{number}"
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 100
    ]
    assert long == []


def test_the_line_of_the_connection_is_empty():
    """It is styled by `:empty`, and a formatter would put whitespace into it."""
    assert render_to_string("_partials/connection.html").strip().endswith("></p>")


def test_no_pending_migrations(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_template_is_used():
    templates = tracked("templates/*.html")
    assert len(templates) > 30
    sources = [*tracked("*.py"), *templates]
    text = "\n".join(p.read_text() for p in sources)
    unused = []
    for template in templates:
        name = str(template.relative_to(BASE_DIR / "templates"))
        # allauth, the admin and letters find theirs by name.
        if name.startswith(("account/", "admin/", "letters/", "mfa/", "usersessions/")):
            continue
        if f'"{name}"' not in text:
            unused.append(name)
    assert unused == []


def test_every_static_file_is_used():
    files = [p for p in tracked("static/*") if p.name != "OFL.txt"]
    assert len(files) > 15
    sources = tracked("*.py", "templates/*.html", "static/*.js", "static/*.css")
    text = "\n".join(p.read_text() for p in sources)
    assert [p.name for p in files if p.name not in text] == []


def test_the_readmes_commands_exist():
    readme = (BASE_DIR / "README.md").read_text()
    makefile = (BASE_DIR / "Makefile").read_text()
    targets = set(re.findall(r"`make (\w+)`|^    make (\w+)", readme, re.M))
    names = {name for pair in targets for name in pair if name}
    assert {"run", "test"} <= names
    for name in names:
        assert re.search(rf"^{name}:", makefile, re.M), name


def test_no_key_but_the_sandboxes_and_made_up_ones():
    key = re.compile(r"sk_live_[A-Za-z0-9_-]{43}")
    assert key.search("sk_live_" + "h" * 43)
    binary = (".jpg", ".webp", ".woff2", ".png", ".mo")
    files = [path for path in tracked() if path.suffix not in binary]
    assert {".env.example", "settings.py", "README.md"} <= {p.name for p in files}
    assert [p.name for p in files if key.search(p.read_text())] == []


def test_texts_go_through_gettext():
    """Words between tags of a template, outside {% translate %}, are a mistake."""
    pages = [
        p
        for p in tracked("templates/*.html")
        # Of the API's pages developers are the readers, in the API's own words.
        if not {"admin", "api"} & {*p.parts} and p.name != "base_entrance.html"
    ]
    assert len(pages) > 30
    bare = []
    for page in pages:
        text = re.sub(
            r"{% blocktranslate.*?endblocktranslate %}",
            "",
            page.read_text(),
            flags=re.S,
        )
        text = re.sub(r"<style>.*?</style>", "", text, flags=re.S)
        text = re.sub(r"{% block body_class %}.*?{% endblock %}", "", text)
        text = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "", text, flags=re.S)
        text = re.sub(r"<[^>]*>", "\n", text)
        bare += [(page.name, w) for w in re.findall(r"[A-Za-z]{3,}", text)]
    assert [b for b in bare if b[1] not in ("doctype",)] == []
