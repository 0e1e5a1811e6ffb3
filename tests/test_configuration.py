"""Each setting the environment may set is explained, and nothing else is."""

import ast
import re

import pytest

from vto_site.env import BASE_DIR

pytestmark = pytest.mark.anywhere

DOCUMENT = BASE_DIR / "docs" / "configuration.md"
EXAMPLE = BASE_DIR / ".env.example"
READERS = {"text", "flag", "integer", "number", "choice", "secret"} | {
    *("items", "networks", "origins"),
}
# Read before the settings are.
BESIDE = {"ENV_FILE"}


def read_by_settings() -> dict[str, str]:
    """Name of each variable to how it is read."""
    tree = ast.parse((BASE_DIR / "vto_site" / "settings.py").read_text())
    found = {}
    for call in ast.walk(tree):
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and isinstance(call.func.value, ast.Name)
            and call.func.value.id == "env"
            and call.func.attr in READERS
        ):
            assert isinstance(call.args[0], ast.Constant)
            found[call.args[0].value] = call.func.attr
    return found


def documented() -> dict[str, list[str]]:
    """Name to the cells of its row."""
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \|(.*)\|$", DOCUMENT.read_text(), re.M)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows}


def test_every_setting_is_in_the_reference_and_no_other():
    read = read_by_settings()
    assert len(read) > 40
    assert set(documented()) == set(read) | BESIDE


def test_every_setting_is_in_the_example():
    named = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", EXAMPLE.read_text(), re.M))
    assert named == set(read_by_settings())


def test_what_may_come_from_a_file_says_so():
    for name, kind in read_by_settings().items():
        says = f"`{name}_FILE`" in documented()[name][0]
        assert says or kind != "secret", name
        assert not says or kind in ("secret", "items"), name
