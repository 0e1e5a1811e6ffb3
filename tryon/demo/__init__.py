"""The demo shop: catalogue, accounts, and a few try-ons made through the real path."""

import csv
import json
import secrets
import uuid
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from .. import images, services, tasks
from ..models import Garment, Photo, TryOn, User

FOLDER = Path(__file__).resolve().parent
CUSTOMER = "customer@example.org"
STAFF = "staff@example.org"
PEOPLE = ("mira", "june", "kofi", "greta", "noor", "tom", "amal", "lin", "ravi")
# Person, then what they try on: a single of each kind and a combo.
FIRST_TRY_ONS = (
    ("mira", "FR-1042", "FR-2040"),
    ("june", "FR-3027", None),
    ("kofi", "FR-1051", None),
    ("noor", "FR-2060", None),
)


def load(now: datetime) -> dict[str, str]:
    """Everything of the demo that is not there yet; returns e-mail to password."""
    load_catalogue(now)
    passwords = load_accounts()
    customer = User.objects.get(email=CUSTOMER)
    photos = load_people(customer, now)
    if settings.MIRAGIC_SANDBOX:  # with a real key each would cost the shop
        load_try_ons(customer, photos, now)
    return passwords


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
                picture=images.read_garment(picture),
                kind=row["kind"],
                name=row["name"],
                sku=row["sku"],
                now=now,
            )
        tasks.ask_for_renditions(garment)


def load_accounts() -> dict[str, str]:
    """A customer and a staff member, with passwords that are kept in DATA_DIR."""
    kept = settings.DATA_DIR / "demo-accounts.json"
    passwords = json.loads(kept.read_text()) if kept.exists() else {}
    for email, is_staff in ((CUSTOMER, False), (STAFF, True)):
        password = passwords.setdefault(email, secrets.token_urlsafe(9))
        user = User.objects.filter(email=email).first()
        if user is None:
            User.objects.create_user(
                email, password, is_staff=is_staff, is_superuser=is_staff
            )
        elif not user.check_password(password):
            user.set_password(password)
            user.save(update_fields=["password"])
    kept.touch(mode=0o600)
    kept.write_text(json.dumps(passwords, indent=2))
    return passwords


def load_people(customer: User, now: datetime) -> dict[str, Photo]:
    if customer.photos.exists():
        return {}
    photos = {}
    for age, name in enumerate(PEOPLE):  # the first is the newest
        with (FOLDER / "people" / f"{name}.jpg").open("rb") as picture:
            photos[name] = services.add_photo(
                owner=customer,
                picture=images.read_person(picture),
                now=now - timedelta(seconds=age),
            )
        tasks.ask_for_renditions(photos[name])
    return photos


def load_try_ons(customer: User, photos: dict[str, Photo], now: datetime) -> None:
    for person, sku, bottom_sku in FIRST_TRY_ONS:
        token = uuid.uuid5(uuid.NAMESPACE_URL, f"demo:{person}:{sku}")
        if person not in photos or TryOn.objects.filter(token=token).exists():
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
