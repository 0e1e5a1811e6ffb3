"""What lies in DATA_DIR is for its owner alone: photos, sessions, hashes, secrets.

Not by the umask: static files, which `collectstatic` writes, are for everybody.
"""

import contextlib
import os
import stat
from pathlib import Path

OTHERS = 0o077


def make_private(folder: Path, *below: Path) -> None:
    """The folder and those below it, made or closed to others.

    One that was open may hold open files: all are closed once, itself at the end, so
    that a walk that was killed is done again.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _may_close(folder.stat()):
        for place, folders, files in os.walk(folder):
            for name in (*folders, *files):
                close(Path(place, name))
    for folder_below in below:
        folder_below.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (*folder.iterdir(), folder):
        close(path)


def make_file(path: Path) -> None:
    """An empty file for a library that would write one for everybody to read."""
    if path.parent.is_dir():
        path.touch(mode=0o600)


def write(path: Path, text: str) -> None:
    with open(path, "w", opener=_open_for_us) as file:
        file.write(text)


def close(path: Path) -> None:
    """Nothing for what is gone meanwhile, or somebody else's."""
    with contextlib.suppress(FileNotFoundError, PermissionError):
        status = path.lstat()
        if _may_close(status):
            path.chmod(stat.S_IMODE(status.st_mode) & ~OTHERS)


def _may_close(status: os.stat_result) -> bool:
    """Not a link, and not a folder that is meant to be shared, as /tmp is."""
    mode = status.st_mode
    if stat.S_ISLNK(mode) or mode & stat.S_ISVTX or not mode & OTHERS:
        return False
    return os.geteuid() in (0, status.st_uid)


def _open_for_us(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
