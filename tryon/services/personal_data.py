"""All that is known of a customer, as files: what "Get a copy of everything" packs.

The form of `data.json` is described in docs/my-data.schema.json.
"""

import json
from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone

from ..models import Export, Garment, Photo, TryOn
from ..pictures import normalise, storage

VERSION = 1
About = dict[str, object]  # what the schema describes


def read_entries(export: Export) -> Iterator[tuple[str, bytes]]:
    """Paths in the zip and their bytes; tells the export how far it is."""
    owner, done = export.owner, 0
    lists: dict[str, list[About]] = {"photos": [], "clothes": [], "pictures": []}
    data: About = {
        "version": VERSION,
        "made": export.created_at.isoformat(),
        "account": {
            "email": owner.email,
            "joined": owner.date_joined.isoformat(),
            "e-mail_when_done": owner.tell_when_done,
        },
        "consents": [
            {
                "version": consent.version,
                "given": consent.given_at.isoformat(),
                "taken_back": _iso(consent.withdrawn_at),
            }
            for consent in owner.consents.all()
        ],
        **lists,
    }
    rows: list[tuple[str, Photo | Garment | TryOn]]
    rows = [("photos", row) for row in owner.photos.all()]
    rows += [("clothes", row) for row in owner.garments.all()]
    mine = TryOn.objects.visible_to(owner).with_pictures()
    rows += [("pictures", row) for row in mine.prefetch_related("shares__votes")]
    for done, (name, row) in enumerate(rows, start=1):
        about, file = _about(name, row)
        lists[name].append(about)
        if file is not None:
            yield file
        export.renew(timezone.now(), done=done)
    yield "data.json", json.dumps(data, indent=2).encode()


def _about(
    name: str, row: Photo | Garment | TryOn
) -> tuple[About, tuple[str, bytes] | None]:
    if isinstance(row, TryOn):
        return _picture(row)
    path = f"{name}/{row.pk}.jpg"
    about: About = {"file": path, "added": row.created_at.isoformat()}
    about |= {"width": row.width, "height": row.height}
    if isinstance(row, Garment):
        about |= {"name": row.name, "kind": row.kind}
    if isinstance(row, Photo):
        about |= {"measured": row.measured}
    return about, _file(path, row.file_name)


def _picture(try_on: TryOn) -> tuple[About, tuple[str, bytes] | None]:
    result = try_on.visible_result
    path = f"pictures/{try_on.pk}.jpg" if result is not None else None
    about: About = {
        "file": path,
        "asked": try_on.created_at.isoformat(),
        "finished": _iso(try_on.finished_at),
        "state": try_on.status,
        "photo": str(try_on.photo_id) if try_on.photo_id else None,
        "clothes": try_on.label,
        "favourite": try_on.favourite_at is not None,
        "links": [
            {
                "ends": share.expires_at.isoformat(),
                "ended": _iso(share.revoked_at),
                "votes": [
                    {"up": vote.up, "comment": vote.comment}
                    for vote in share.votes.all()
                ],
            }
            for share in try_on.shares.all()
        ],
    }
    if path is None or result is None:
        return about, None
    file = _file(path, result.file_name)
    return about, (path, normalise.labelled(file[1])) if file else None


def _file(path: str, name: str) -> tuple[str, bytes] | None:
    try:
        return path, storage.read(name)
    except FileNotFoundError:  # deleted meanwhile
        return None


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
