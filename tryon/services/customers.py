"""Customers as the shop's own programs name them: users without log-in."""

import re

from ..models import User

SHOP = ""  # the `external_id` of the shop's own user
MOST = 128  # characters
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class NoCustomer(Exception):
    """This cannot be a customer's id; the message says why, for a developer."""


def check_external_id(external_id: str) -> None:
    """Raises `NoCustomer`."""
    if not 1 <= len(external_id) <= MOST:
        raise NoCustomer(f"A customer's id has 1 to {MOST} characters.")
    if CONTROL.search(external_id):
        raise NoCustomer("A customer's id has only characters that can be printed.")


def find_customer(external_id: str | None) -> User | None:
    """None is the shop itself, which may have no user yet either."""
    user: User | None = User.objects.filter(external_id=external_id or SHOP).first()
    return user


def get_or_create_customer(external_id: str | None) -> User:
    """Raises `NoCustomer`."""
    if external_id is not None:
        check_external_id(external_id)
    user: User
    user, _created = User.objects.get_or_create(
        external_id=external_id or SHOP, defaults={"password": "!"}
    )
    return user
