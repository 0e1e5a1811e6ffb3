"""The documented image, built and run for real.

``make image-test``: docs/deploy/Dockerfile is built by buildah upon a base of Debian's
packages, then release, sandbox, web, worker and beat run in it, as its user and on its
volume, and the first try-on is made. Nothing of it is left when it ends.
"""

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import requests
import yaml

from tests.live import free_pair, until
from tests.servers import Missing
from vto_site.env import BASE_DIR

BASE = "docker.io/library/python:3.11-slim"  # what the Dockerfile asks for
PACKAGES = "python3,python3-pip,ca-certificates"
SECRET = "a-secret-that-no-image-may-hold"
NEEDS = "apt-get install buildah mmdebstrap"
CERTIFICATES = Path("/etc/ssl/certs")
PIP_OPTIONS = ("index-url", "extra-index-url", "find-links", "trusted-host", "proxy")
PHOTO, GARMENT = "tryon/demo/people/mira.jpg", "tryon/demo/garments/blazer.jpg"
PARTS = ("sandbox", "web", "worker", "beat")


def check_tools() -> None:
    for program in ("buildah", "mmdebstrap"):
        if shutil.which(program) is None:
            raise Missing(f"{program} is not installed: {NEEDS}")
    if os.geteuid() != 0:
        raise Missing("An image is built as root here: sudo make image-test")


class Buildah:
    """With a store of its own, so that the machine's images are left alone."""

    def __init__(self, folder: Path):
        self.words = ["buildah", "--storage-driver", "vfs"]
        self.words += ["--root", str(folder / "root"), "--runroot", str(folder / "run")]

    def __call__(self, *args: str) -> str:
        done = subprocess.run([*self.words, *args], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{done.stderr[-4000:]}\nbuildah {args[0]}: {done.returncode}")
        return done.stdout.strip()


def make_base(buildah: Buildah) -> None:
    """What the Dockerfile needs of its base: `python`, and a `pip` that installs."""
    made = buildah("from", "scratch")
    root = buildah("mount", made)
    command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}"]
    subprocess.run([*command, "bookworm", root, *debian_sources()], check=True)
    Path(root, "usr/bin/python").symlink_to("python3")
    Path(root, "usr/lib/python3.11/EXTERNALLY-MANAGED").unlink()
    buildah("umount", made)
    path = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
    buildah("config", "--env", f"PATH={path}", "--env", "LANG=C.UTF-8", made)
    buildah("commit", "--quiet", "--rm", made, BASE)


def debian_sources() -> list[str]:
    """This machine's own, a mirror say; none: mmdebstrap's default."""
    found = Path("/etc/apt/sources.list.d/debian.sources")
    return [str(found)] if found.exists() else []


def copy_clone(context: Path) -> None:
    """As a careful owner has it: for nobody else to read, and in use."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=BASE_DIR,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in listed.stdout.splitlines():
        source, copy = BASE_DIR / name, context / name
        if source.is_symlink() or not source.exists():
            continue
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy(source, copy)
        copy.chmod(copy.stat().st_mode & 0o700)
    (context / ".env").write_text(f"SECRET_KEY={SECRET}\n")
    (context / "var").mkdir()
    (context / "var" / "db.sqlite3").write_text(SECRET)


def pip_mounts(folder: Path) -> list[str]:
    """Where this machine's pip finds packages, for the pip of the build."""
    told = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        check=True,
        capture_output=True,
        text=True,
    )
    lines = [line.partition("=") for line in told.stdout.splitlines()]
    options = {name.rpartition(".")[2]: value.strip("'") for name, _, value in lines}
    found = {name: options[name] for name in PIP_OPTIONS if name in options}
    words = [w for value in found.values() for w in value.replace("\\n", " ").split()]
    mounts = {Path(word.removeprefix("file://")) for word in words if "/" in word}
    # The pages of a local index lead to files beside it.
    places = {place.parent if place.name == "simple" else place for place in mounts}
    if CERTIFICATES.exists():
        places.add(CERTIFICATES)
        found["cert"] = str(CERTIFICATES / "ca-certificates.crt")
    rows = [f"{name} = {value}" for name, value in found.items()]
    (folder / "pip.conf").write_text("\n".join(["[global]", *rows, ""]))
    volumes = [f"{folder / 'pip.conf'}:/etc/pip.conf:ro"]
    volumes += [f"{place}:{place}:ro" for place in sorted(places) if place.exists()]
    return [f"--volume={volume}" for volume in volumes]


def build(buildah: Buildah, folder: Path) -> str:
    """The documented command, as near as buildah has it; the container's name."""
    context = folder / "clone"
    copy_clone(context)
    buildah(
        *("bud", "--isolation", "chroot", "--layers=false", "--pull-never", "--quiet"),
        *pip_mounts(folder),
        *("-f", str(context / "docs/deploy/Dockerfile"), "-t", "fitting-room"),
        str(context),
    )
    return buildah("from", "--pull-never", "fitting-room")


def check_contents(buildah: Buildah, container: str) -> None:
    root = Path(buildah("mount", container))
    for name in (".env", ".git", ".venv", "var", "tests"):
        assert not (root / "app" / name).exists(), f"{name} is in the image"
    assert (root / "app" / "staticroot" / "staticfiles.json").exists()
    assert list((root / "data").iterdir()) == [], "the image brings data along"
    assert (root / "data").stat().st_mode & 0o077 == 0
    told = buildah("inspect", "--type", "image", "fitting-room")
    assert SECRET not in told
    assert json.loads(told)["OCIv1"]["config"]["User"] == "fitting"
    buildah("umount", container)


class Container:
    """Processes in the image, as its user, all on the same volume."""

    def __init__(self, buildah: Buildah, name: str, folder: Path):
        self.buildah, self.name, self.folder = buildah, name, folder
        self.port, _sandbox = free_pair()
        self.url = f"http://127.0.0.1:{self.port}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def words(self, command: list[str]) -> list[str]:
        env = {"SECRET_KEY": SECRET, "HOST": "127.0.0.1", "PORT": str(self.port)}
        flags = [f"--env={name}={value}" for name, value in env.items()]
        run = ["run", "--isolation", "chroot", *flags, self.name, "--", *command]
        return [*self.buildah.words, *run]

    def run(self, command: list[str]) -> str:
        done = subprocess.run(self.words(command), stdout=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(
                f"{shlex.join(command)} ended with {done.returncode}\n{self.logs()}"
            )
        return done.stdout

    def start(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                self.words(command), stdout=log, stderr=log
            )

    def answers(self, path: str) -> bool:
        try:
            return requests.get(f"{self.url}{path}", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def inner(self, name: str) -> psutil.Process:
        """The command itself, below buildah's own three processes."""
        process = psutil.Process(self.processes[name].pid)
        for _ in range(3):
            (process,) = process.children()
        return process

    def stop(self) -> None:
        """SIGTERM to each command, as `docker stop` sends it, and twenty seconds."""
        ending = [self.inner(name) for name in self.processes]
        for process in ending:
            assert process.username() != "root"
            process.terminate()
        _gone, alive = psutil.wait_procs(ending, timeout=20)
        assert not alive, f"{alive} did not end in time\n{self.logs()}"

    def kill(self) -> None:
        """Buildah's processes take theirs along."""
        for process in self.processes.values():
            process.kill()
            process.wait()

    def logs(self) -> str:
        paths = sorted(self.folder.glob("*.log"))
        return "\n".join(f"--- {p.name}\n{p.read_text()[-2000:]}" for p in paths)


def commands(buildah: Buildah) -> dict[str, list[str]]:
    """Of the image and of the compose file; the sandbox stands in for the API."""
    told = json.loads(buildah("inspect", "--type", "image", "fitting-room"))
    services = yaml.safe_load((BASE_DIR / "docs/deploy/compose.yaml").read_text())
    composed = services["services"]
    named = {
        n: shlex.split(composed[n]["command"]) for n in ("release", "worker", "beat")
    }
    sandbox = ["python", "manage.py", "sandbox", "--speed", "4"]
    return {**named, "web": told["OCIv1"]["config"]["Cmd"], "sandbox": sandbox}


def first_try_on(container: Container, parts: dict[str, list[str]]) -> None:
    container.run(parts["release"])
    for name in PARTS:
        container.start(name, parts[name])
    try:
        for path in ("/healthz", "/readyz", "/"):
            until(lambda path=path: container.answers(path), 60)
        say(f"{container.url} answers from the image")
        made = ["python", "manage.py", "tryon", PHOTO, GARMENT]
        told = container.run([*made, "--type", "upper_body", "--json"])
        assert json.loads(told)["status"] == "completed", told
        assert container.answers("/readyz")
        container.run(["python", "manage.py", "status"])
        container.stop()
    except AssertionError as error:
        sys.exit(f"{error}\n{container.logs()}")
    finally:
        container.kill()
    say(f"the first try-on: {told.strip()}")


@contextlib.contextmanager
def place() -> Iterator[tuple[Path, Buildah]]:
    folder = Path(tempfile.mkdtemp(prefix="fitting-room-image-"))
    buildah = Buildah(folder)
    try:
        yield folder, buildah
    finally:
        buildah("rm", "--all")
        shutil.rmtree(folder)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    try:
        check_tools()
    except Missing as lacking:
        sys.exit(str(lacking))
    with place() as (folder, buildah):
        make_base(buildah)
        say("the base is there")
        name = build(buildah, folder)
        check_contents(buildah, name)
        say("the image is built")
        first_try_on(Container(buildah, name, folder), commands(buildah))


if __name__ == "__main__":
    main()
