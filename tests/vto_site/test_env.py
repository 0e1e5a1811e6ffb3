import pytest

from vto_site.env import Env, EnvError, read_env_file

pytestmark = pytest.mark.anywhere


def test_reads_each_type():
    env = Env({"A": "1", "B": "12", "C": "1.5", "D": "x, y,,", "E": " text "})
    assert env.flag("A") is True
    assert env.integer("B", 0) == 12
    assert env.number("C", 0) == 1.5
    assert env.items("D") == ["x", "y"]
    assert env.text("E") == "text"


def test_defaults_when_unset_or_empty():
    env = Env({"EMPTY": ""})
    assert env.flag("NONE", True) is True
    assert env.integer("EMPTY", 7) == 7
    assert env.items("EMPTY") == []
    assert env.choice("NONE", ("off", "all"), "off") == "off"


@pytest.mark.parametrize(
    ("values", "read"),
    [
        ({"PORT": "eighty"}, lambda env: env.integer("PORT", 1)),
        ({"PORT": "-1"}, lambda env: env.integer("PORT", 1)),
        ({"PORT": "nan"}, lambda env: env.number("PORT", 1)),
        ({"PORT": "inf"}, lambda env: env.number("PORT", 1)),
        ({"PORT": "maybe"}, lambda env: env.flag("PORT")),
        ({"PORT": "some"}, lambda env: env.choice("PORT", ("off", "all"), "off")),
        ({"PORT_FILE": "/nowhere/at/all"}, lambda env: env.secret("PORT")),
    ],
)
def test_a_bad_value_names_its_variable(values, read):
    with pytest.raises(EnvError, match="PORT"):
        read(Env(values))


def test_a_secret_may_come_from_a_file(tmp_path):
    path = tmp_path / "secret"
    path.write_text("s3cret\n")
    assert Env({"KEY_FILE": str(path)}).secret("KEY") == "s3cret"


def test_env_file(tmp_path):
    path = tmp_path / ".env"
    path.write_text("# comment\n\nA=1\nexport B = 'two words'\nC=a=b\n")
    assert read_env_file(path) == {"A": "1", "B": "two words", "C": "a=b"}


def test_env_file_names_the_bad_line(tmp_path):
    path = tmp_path / ".env"
    path.write_text("A=1\nnonsense\n")
    with pytest.raises(EnvError, match="line 2"):
        read_env_file(path)


def test_the_environment_beats_the_file(tmp_path, monkeypatch):
    path = tmp_path / ".env"
    path.write_text("SITE_NAME=file\nOTHER=file\n")
    monkeypatch.setenv("ENV_FILE", str(path))
    monkeypatch.setenv("SITE_NAME", "environment")
    env = Env.load()
    assert (env.text("SITE_NAME"), env.text("OTHER")) == ("environment", "file")
