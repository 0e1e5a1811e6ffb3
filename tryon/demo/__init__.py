"""The demo shop: catalogue, accounts, and a few try-ons made through the real path.

For the sandbox alone: with a real key its pictures would cost, and its staff account
would be one too many.
"""

import csv
import json
import secrets
import uuid
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from vto_site import private

from .. import services, tasks
from ..models import Garment, Photo, Shop, ShopKey, TryOn, User
from ..pictures import normalise
from ..services import shop_keys

FOLDER = Path(__file__).resolve().parent
CUSTOMER = "customer@example.org"
STAFF = "staff@example.org"
KEY_LABEL = "Demo"
PEOPLE = ("mira", "june", "kofi", "greta", "noor", "tom", "amal", "lin", "ravi")
# Person, then what they try on: a single of each kind and a combo.
FIRST_TRY_ONS = (
    ("mira", "FR-1042", "FR-2040"),
    ("june", "FR-3027", None),
    ("kofi", "FR-1051", None),
    ("noor", "FR-2060", None),
)


def load(now: datetime) -> None:
    """Once in the life of a database: what was changed or deleted since stays so.

    It is marked at the end, so that a load that was killed is finished by the next.
    """
    if Shop.objects.filter(demo_loaded_at__isnull=False).exists():
        return
    load_catalogue(now)
    load_accounts()
    customer = still_ours(CUSTOMER)
    if customer is not None:
        load_try_ons(customer, load_people(customer, now), now)
    Shop.objects.update_or_create(pk=1, defaults={"demo_loaded_at": now})


def log_ins() -> dict[str, str]:
    """E-mail to password, of the accounts that still have the demo's."""
    return {
        email: password
        for email, password in kept_passwords().items()
        if still_ours(email) is not None
    }


def make_shop_key(now: datetime) -> str:
    """For the REST API, new at each start: only its hash is kept."""
    revoke_shop_keys(now)
    expires_at = now + timedelta(days=30)
    _key, secret = shop_keys.create_shop_key(
        label=KEY_LABEL, now=now, expires_at=expires_at
    )
    return secret


def revoke_shop_keys(now: datetime) -> None:
    """Those of the demo: not for a shop that has begun in earnest."""
    for key in ShopKey.objects.filter(label=KEY_LABEL, revoked_at=None):
        shop_keys.revoke_shop_key(key=key, now=now)


def load_catalogue(now: datetime) -> None:
    with (FOLDER / "catalogue.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    present = set(Garment.objects.filter(owner=None).values_list("sku", flat=True))
    for row in rows:
        if row["sku"] in present:
            continue
        with (FOLDER / "garments" / f"{row['file']}.jpg").open("rb") as picture:
            garment = services.add_garment(
                owner=None,
                picture=normalise.read_garment(picture),
                kind=row["kind"],
                name=row["name"],
                sku=row["sku"],
                now=now,
            )
        tasks.ask_for_renditions(garment)


def load_accounts() -> None:
    """A customer and a staff member, with passwords that are kept in DATA_DIR."""
    passwords = {
        email: secrets.token_urlsafe(9) for email in (CUSTOMER, STAFF)
    } | kept_passwords()
    unfinished = passwords_file().with_suffix(".new")
    private.write(unfinished, json.dumps(passwords, indent=2))
    unfinished.replace(passwords_file())
    for email, is_staff in ((CUSTOMER, False), (STAFF, True)):
        if not User.objects.filter(email=email).exists():
            User.objects.create_user(
                email, passwords[email], is_staff=is_staff, is_superuser=is_staff
            )


def passwords_file() -> Path:
    return Path(settings.DATA_DIR) / "demo-accounts.json"


def kept_passwords() -> dict[str, str]:
    if not passwords_file().exists():
        return {}
    kept: dict[str, str] = json.loads(passwords_file().read_text())
    return kept


def still_ours(email: str) -> User | None:
    """The account, unless it is gone, closed or has a password of its own by now."""
    user: User | None = User.objects.filter(email=email, is_active=True).first()
    password = kept_passwords().get(email)
    if user is None or password is None or not user.check_password(password):
        return None
    return user


def load_people(customer: User, now: datetime) -> dict[str, Photo]:
    photos = {}
    for age, name in enumerate(PEOPLE):  # the first is the newest
        with (FOLDER / "people" / f"{name}.jpg").open("rb") as picture:
            photos[name] = services.add_photo(
                owner=customer,
                picture=normalise.read_person(picture),
                now=now - timedelta(seconds=age),
            )
        tasks.ask_for_renditions(photos[name])
    return photos


def load_try_ons(customer: User, photos: dict[str, Photo], now: datetime) -> None:
    for person, sku, bottom_sku in FIRST_TRY_ONS:
        token = uuid.uuid5(uuid.NAMESPACE_URL, f"demo:{person}:{sku}")
        if TryOn.objects.filter(token=token).exists():
            continue
        piece = Garment.objects.get(owner=None, sku=sku)
        bottom = bottom_sku and Garment.objects.get(owner=None, sku=bottom_sku)
        services.create_try_on(
            owner=customer,
            photo=photos[person],
            outfit=services.Outfit(piece, bottom or None),
            token=token,
            now=now,
        )
    tasks.wake_up()
