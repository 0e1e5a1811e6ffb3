"""One try-on from the shell, through the same code as the pages."""

import json
import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from tryon import services, tasks
from tryon.models import Garment, GarmentKind, Status, TryOn, User
from tryon.pictures import normalise, storage
from tryon.presentation import texts
from tryon.services.quotas import LimitReached

SHELL_OWNER = "shell@localhost"
BAD_INPUT = 2


class Command(BaseCommand):
    help = "Tries a garment on a photo and writes the result; a worker must run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("photo", type=Path)
        parser.add_argument("garment", type=Path, help="the top, with --bottom")
        parser.add_argument("--bottom", type=Path, help="makes it a combo")
        parser.add_argument("--type", choices=GarmentKind.values)
        parser.add_argument("--owner", metavar="EMAIL")
        parser.add_argument("--output", type=Path)
        parser.add_argument(
            "--again", action="store_true", help="a new one even if it is there already"
        )
        parser.add_argument("--no-wait", action="store_true")
        parser.add_argument("--timeout", type=float, default=600, help="seconds")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: object, **options: Any) -> None:
        self.options = options
        try:
            try_on = self.create()
        except storage.Away as away:
            raise CommandError(f"the store of pictures is away: {away}") from None
        if not options["no_wait"]:
            self.wait(try_on)
        self.report(try_on)
        if try_on.status != Status.COMPLETED and not options["no_wait"]:
            sys.exit(1)

    def create(self) -> TryOn:
        o = self.options
        if bool(o["type"]) == bool(o["bottom"]):
            self.refuse("give either --type, or --bottom for a combo")
        if o["output"]:
            self.check_output(o["output"].absolute())
        now = timezone.now()
        owner = self.owner()
        human = self.read(o["photo"], normalise.read_person)
        kind = GarmentKind.UPPER if o["bottom"] else o["type"]
        cloth = self.read(o["garment"], normalise.read_garment)
        bottom = self.read(o["bottom"], normalise.read_garment) if o["bottom"] else None
        photo = services.add_photo(owner=owner, picture=human, now=now)
        outfit = services.Outfit(
            self.garment(owner, cloth, kind),
            self.garment(owner, bottom, GarmentKind.LOWER) if bottom else None,
        )
        try:
            try_on, _created = services.create_try_on(
                owner=owner, photo=photo, outfit=outfit, now=now, again=o["again"]
            )
        except LimitReached as error:
            self.refuse(str(error))
        transaction.on_commit(tasks.wake_up)
        return try_on

    def check_output(self, path: Path) -> None:
        """Before anything is paid for."""
        if not path.parent.is_dir():
            self.refuse(f"{path}: there is no such folder")
        if path.is_dir():
            self.refuse(f"{path} is a folder, give a file")
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            self.refuse(f"{path}: not writable")

    def owner(self) -> User:
        email = self.options["owner"]
        if email is None:
            owner: User | None = User.objects.filter(email=SHELL_OWNER).first()
            # The shell belongs to the shop: the customers' limit is not for it.
            if owner is None:
                owner = User.objects.create_user(SHELL_OWNER, daily_limit=1_000_000)
            return owner
        theirs: User | None = User.objects.filter(email__iexact=email).first()
        if theirs is None:
            self.refuse(f"no account {email}")
        return theirs

    def read(
        self, path: Path, reader: Callable[[BinaryIO], normalise.Picture]
    ) -> normalise.Picture:
        try:
            with path.open("rb") as file:
                return reader(file)
        except OSError as error:
            self.refuse(f"{path}: {error.strerror}")
        except normalise.PictureError as error:
            self.refuse(f"{path}: {error}")

    def garment(self, owner: User, picture: normalise.Picture, kind: str) -> Garment:
        return services.add_garment(
            owner=owner, picture=picture, kind=kind, now=timezone.now()
        )

    def refuse(self, sentence: str) -> NoReturn:
        raise CommandError(sentence, returncode=BAD_INPUT)

    def wait(self, try_on: TryOn) -> None:
        ends = time.monotonic() + self.options["timeout"]
        shown = ""
        while True:
            try_on.refresh_from_db()
            if try_on.status != shown:
                shown = try_on.status
                self.stderr.write(f"{shown}", ending="\n")
            if try_on.is_final or try_on.status == Status.UNCONFIRMED:
                return
            if time.monotonic() >= ends:
                self.stderr.write("timeout: it goes on without this command")
                return
            time.sleep(0.2)

    def report(self, try_on: TryOn) -> None:
        output = None
        if try_on.status == Status.COMPLETED and self.options["output"]:
            output = self.options["output"]
            output.write_bytes(storage.read(try_on.result.file_name))
        seconds = None
        if try_on.finished_at is not None:
            seconds = round((try_on.finished_at - try_on.created_at).total_seconds(), 3)
        if self.options["json"]:
            payload = {
                "id": str(try_on.pk),
                "status": try_on.status,
                "mode": try_on.mode,
                "remote_id": try_on.remote_id or None,
                "failure_code": try_on.failure_code or None,
                "seconds": seconds,
                "output": str(output) if output else None,
            }
            self.stdout.write(json.dumps(payload))
            return
        advice = texts.find_advice(try_on)
        self.stdout.write(f"{try_on.pk} {try_on.status}")
        if advice is not None:
            self.stdout.write(str(advice.sentence))
        if output:
            self.stdout.write(str(output))
