"""What somebody put together on one page: kept, then queued."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from ..models import Fitting, Garment, Photo, Source, TryOn, User
from ..pictures.normalise import Picture
from . import consents
from .outfits import Outfit, OutfitError
from .pictures import add_garment, add_photo
from .try_ons import create_fitting, create_try_on, derive_again_token

NO_PHOTO = _("Add a photo of yourself, or choose one.")


@dataclass(frozen=True)
class NewGarment:
    """An uploaded piece; `kind` decides in which slot it is worn."""

    picture: Picture
    kind: str
    name: str = ""


@dataclass
class Composition:
    """A photo and what is to be tried on, as a page sent it.

    New pictures replace what was chosen, and leave this when they are stored.
    `consents`: the box before the first photo was ticked. `pieces`: each for a picture
    of its own, instead of one outfit. `again`: also if the same is there already.
    `origin`: the shop's page around us, "" if it was not told, None if there is none.
    """

    photo: Photo | None = None
    new_photo: Picture | None = None
    garments: dict[str, Garment] = field(default_factory=dict)  # by slot
    new_garment: NewGarment | None = None
    pieces: Sequence[Garment] | None = None
    consents: bool = False
    token: uuid.UUID | None = None
    again: bool = False
    origin: str | None = None

    @property
    def rows(self) -> list[Photo | Garment]:
        photos = [self.photo] if self.photo is not None else []
        return [*photos, *self.garments.values()]


@dataclass(frozen=True)
class Composed:
    """Where it is shown. `created`: something new waits in line."""

    place: TryOn | Fitting
    created: bool
    is_there_already: bool = False  # by another wish


def keep_uploads(*, owner: User, wanted: Composition, now: datetime) -> None:
    """Store the new pictures and choose them, whatever becomes of the rest.

    Nobody has to send a picture twice. Each is stored by itself, since its name must be
    on the list of pending deletions, for good, before its file is written. Raises
    `storage.Away`, `OwnerGone`, `TooManyUploads`.
    """
    picture, wanted.new_photo = wanted.new_photo, None
    if picture is not None:
        if wanted.consents:
            consents.give(owner=owner, now=now)
        wanted.photo = add_photo(owner=owner, picture=picture, now=now)
    new, wanted.new_garment = wanted.new_garment, None
    if new is not None:
        garment = add_garment(
            owner=owner, picture=new.picture, kind=new.kind, name=new.name, now=now
        )
        wanted.garments[garment.slot] = garment


def compose(*, owner: User, wanted: Composition, now: datetime) -> Composed:
    """Keep the uploads, then queue all that is wanted in one transaction.

    Raises `OutfitError`, `quotas.LimitReached`; the uploads are kept then, and chosen
    in `wanted`.
    """
    keep_uploads(owner=owner, wanted=wanted, now=now)
    source = Source.PAGES if wanted.origin is None else Source.EMBED
    if wanted.photo is None:
        raise OutfitError(str(NO_PHOTO), "photo")
    if wanted.pieces is not None:
        fitting, new = create_fitting(
            owner=owner,
            photo=wanted.photo,
            garments=list(wanted.pieces),
            now=now,
            token=wanted.token or uuid.uuid4(),
            source=source,
            origin=wanted.origin or "",
        )
        return Composed(fitting, created=bool(new))
    outfit, token = Outfit.of(wanted.garments), wanted.token
    if token is None and wanted.again:
        token = derive_again_token(owner, wanted.photo, outfit)
    try_on, created = create_try_on(
        owner=owner,
        photo=wanted.photo,
        outfit=outfit,
        now=now,
        token=token,
        again=wanted.again,
        source=source,
        origin=wanted.origin or "",
    )
    return Composed(
        try_on,
        created=created,
        is_there_already=not created and try_on.token != token,
    )
