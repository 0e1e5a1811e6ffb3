"""A try-on is asked for, cancelled, sent again, seen."""

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ..models import (
    EmbedStep,
    Fitting,
    Garment,
    InvalidMove,
    Photo,
    Result,
    ShopKey,
    Source,
    StaleMove,
    Status,
    TryOn,
    TryOnEvent,
    User,
)
from . import quotas
from .outfits import Outfit, OutfitError


def create_try_on(
    *,
    owner: User,
    photo: Photo,
    outfit: Outfit,
    now: datetime,
    token: uuid.UUID | None = None,
    again: bool = False,
    retry_of: TryOn | None = None,
    counts: bool = True,
    source: str = Source.PAGES,
    origin: str = "",
    shop_key: ShopKey | None = None,
) -> tuple[TryOn, bool]:
    """Queue a job, or find the one that this form or this outfit already has.

    `token` makes a form good for one job; unless `again`, a picture that is there
    or on its way is not paid for twice. Returns the try-on and whether
    it is new. Raises `quotas.LimitReached`.
    """
    token = token or uuid.uuid4()
    garment, bottom = outfit.garment, outfit.bottom
    with transaction.atomic():
        if counts:
            # Locks the owner, so that two clicks at once come one after the other.
            User.objects.lock(owner)
        replayed = TryOn.objects.filter(owner=owner, token=token).first()
        if replayed is not None and replayed.deleted_at is None:
            return replayed, False
        if replayed is not None:
            token = uuid.uuid4()  # what that form made was deleted: a new wish
        if not again:
            matches = TryOn.objects.filter(owner=owner).same_as(photo, garment, bottom)
            existing = matches.recent().first()
            if existing is not None:
                return existing, False
        if counts:
            quotas.spend(owner, 1, now)
        try_on = _queue(
            owner=owner,
            photo=photo,
            outfit=outfit,
            now=now,
            token=token,
            retry_of=retry_of,
            counts_against_limit=counts,
            source=source,
            origin=origin,
            shop_key=shop_key,
        )
    return try_on, True


def derive_again_token(owner: User, photo: Photo, outfit: Outfit) -> uuid.UUID:
    """For "make it again", whose form has none: one more for the newest that is ready.

    However often it is pressed until that one is ready, it is one and is paid once.
    """
    mine = TryOn.objects.filter(owner=owner)
    matches = mine.same_as(photo, outfit.garment, outfit.bottom)
    newest = matches.in_status([Status.COMPLETED]).recent().first()
    return uuid.uuid5(newest.pk, "again") if newest else uuid.uuid4()


def _queue(*, owner: User, outfit: Outfit, now: datetime, **fields: Any) -> TryOn:
    garment, bottom = outfit.garment, outfit.bottom
    try_on = TryOn.objects.create(
        owner=owner,
        garment=garment,
        bottom_garment=bottom,
        mode=TryOn.Mode.COMBO if bottom else TryOn.Mode.SINGLE,
        garment_kind="" if bottom else garment.kind,
        created_at=now,
        **fields,
    )
    TryOnEvent.objects.create(try_on=try_on, to_status=Status.QUEUED, by=owner, at=now)
    try_on.count_step(EmbedStep.TRIED, now)
    return try_on


def create_fitting(
    *,
    owner: User,
    photo: Photo,
    garments: list[Garment],
    now: datetime,
    token: uuid.UUID,
    source: str = Source.PAGES,
    origin: str = "",
) -> tuple[Fitting, int]:
    """Each of the garments on its own on this photo: all are queued, or none.

    Pictures that are there or on their way are shown with the others and cost
    nothing. Returns the fitting and how many are new. Raises `quotas.LimitReached`.
    """
    with transaction.atomic():
        User.objects.lock(owner)
        replayed = Fitting.objects.filter(owner=owner, token=token).first()
        if replayed is not None:
            return replayed, 0
        mine = TryOn.objects.filter(owner=owner)
        try_ons = {g: mine.same_as(photo, g, None).recent().first() for g in garments}
        missing = [garment for garment, try_on in try_ons.items() if try_on is None]
        if missing:
            quotas.spend(owner, len(missing), now)
        for garment in missing:
            try_ons[garment] = _queue(
                owner=owner,
                photo=photo,
                outfit=Outfit(garment),
                now=now,
                token=uuid.uuid5(token, str(garment.pk)),
                source=source,
                origin=origin,
            )
        fitting = Fitting.objects.create(
            owner=owner, photo=photo, token=token, created_at=now
        )
        fitting.try_ons.set([try_on for try_on in try_ons.values() if try_on])
    return fitting, len(missing)


def set_favourite(*, try_on: TryOn, on: bool, now: datetime) -> None:
    TryOn.objects.filter(pk=try_on.pk).update(favourite_at=now if on else None)


def retry(*, try_on: TryOn, now: datetime) -> tuple[TryOn, bool]:
    """A new try-on for one that failed or was cancelled. Raises `LimitReached`.

    Raises `OutfitError` if its photo or clothes were deleted meanwhile.
    """
    if try_on.photo is None or try_on.garment is None or try_on.owner is None:
        raise OutfitError(
            _("Its photo or clothes were deleted. Choose them again."), "photo"
        )
    return create_try_on(
        owner=try_on.owner,
        photo=try_on.photo,
        outfit=Outfit(try_on.garment, try_on.bottom_garment),
        now=now,
        token=uuid.uuid5(try_on.pk, "retry"),  # a double click makes one
        retry_of=try_on,
        source=Source.EMBED if try_on.source == Source.EMBED else Source.PAGES,
        origin=try_on.origin,
    )


def mark_seen(*, try_on: TryOn, now: datetime) -> None:
    """Its owner has opened the picture: it is no longer new."""
    result = try_on.visible_result
    if result is not None and result.seen_at is None:
        Result.objects.filter(pk=result.pk, seen_at=None).update(seen_at=now)


def send_again(*, try_on: TryOn, now: datetime, by: User | None) -> bool:
    """A person's decision to submit an unconfirmed one once more."""
    return _moved(try_on, Status.QUEUED, now=now, by=by, note="send again")


def cancel(*, try_on: TryOn, now: datetime, by: User | None) -> bool:
    """While nothing was sent, or an unconfirmed one is given up. The try comes back.

    False if it was too late.
    """
    return _moved(try_on, Status.CANCELED, now=now, by=by)


def _moved(try_on: TryOn, to: str, **kwargs: Any) -> bool:
    try:
        try_on.move(to, **kwargs)
    except (InvalidMove, StaleMove):
        return False
    return True
