"""The environment, read in one place: process environment first, then ``.env``.

A value that cannot be understood raises `EnvError`, which names the variable.
``ENV_FILE`` points to another file than ``.env``; empty means none (tests).
"""

import os
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent

TRUE = {"1", "true", "yes", "on"}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
FALSE = {"", "0", "false", "no", "off"}


class EnvError(Exception):
    """A variable is missing or has a value that cannot be understood."""


def read_env_file(path: Path) -> dict[str, str]:
    """``NAME=value`` lines; blank lines and ``#`` comments are passed over."""
    values = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        line = line.strip().removeprefix("export ")
        if not line or line.startswith("#"):
            continue
        name, separator, value = line.partition("=")
        if not separator:
            raise EnvError(f"{path.name} line {number}: expected NAME=value.")
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        values[name.strip()] = value
    return values


class Env:
    """Typed access to a mapping of environment variables."""

    def __init__(self, values: Mapping[str, str]):
        self._values = values

    @classmethod
    def load(cls) -> "Env":
        file_name = os.environ.get("ENV_FILE", str(BASE_DIR / ".env"))
        from_file = {}
        if file_name and Path(file_name).is_file():
            from_file = read_env_file(Path(file_name))
        return cls({**from_file, **os.environ})

    def text(self, name: str, default: str = "") -> str:
        return self._values.get(name, "").strip() or default

    def flag(self, name: str, default: bool = False) -> bool:
        value = self._values.get(name)
        if value is None:
            return default
        if value.strip().lower() in TRUE:
            return True
        if value.strip().lower() in FALSE:
            return False
        raise EnvError(f"{name} must be 1 or 0, not {value!r}.")

    def integer(self, name: str, default: int, minimum: int = 0) -> int:
        return int(self._number(name, default, minimum, int))

    def number(self, name: str, default: float, minimum: float = 0) -> float:
        return self._number(name, default, minimum, float)

    def _number(self, name: str, default: float, minimum: float, kind: type) -> float:
        value = self.text(name)
        if not value:
            return default
        noun = "a whole number" if kind is int else "a number"
        try:
            number: float = kind(value)
        except ValueError:
            raise EnvError(f"{name} must be {noun}, not {value!r}.") from None
        if not minimum <= number < float("inf"):
            raise EnvError(f"{name} must be {noun} from {minimum:g}, not {value!r}.")
        return number

    def items(self, name: str) -> list[str]:
        return [part.strip() for part in self.secret(name).split(",") if part.strip()]

    def networks(self, name: str) -> list[str]:
        texts = self.items(name)
        for text in texts:
            try:
                ip_network(text, strict=False)
            except ValueError:
                raise EnvError(
                    f"{name} must be addresses or networks, not {text!r}."
                ) from None
        return texts

    def origins(self, name: str, *, loopback: bool = False) -> list[str]:
        """Exact origins by https, as a browser writes them; with `loopback` this
        machine's by http too."""
        texts = self.items(name)
        for text in texts:
            parts = urlsplit(text)
            is_loopback = loopback and parts.hostname in LOOPBACK
            secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback)
            if not secure or text != f"{parts.scheme}://{parts.netloc.lower()}":
                raise EnvError(
                    f"{name} must be origins such as https://shop.example.org, "
                    f"without a path, not {text!r}."
                )
        return texts

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise EnvError(f"{name} must be one of {', '.join(choices)}.")
        return value

    def secret(self, name: str) -> str:
        """The value of NAME, or the contents of the file that NAME_FILE names."""
        file_name = self.text(f"{name}_FILE")
        if not file_name:
            return self.text(name)
        try:
            return Path(file_name).read_text().strip()
        except OSError as error:
            raise EnvError(f"{name}_FILE: {error.strerror}: {file_name}.") from None
