"""Keys of the REST API, as staff make and revoke them."""

import re

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from tests import factories
from tests.conftest import StrictClient
from tests.tryon.api.conftest import Program
from tryon.models import ShopKey, User
from tryon.models.shop_keys import hash_secret

ADD = "/admin/tryon/shopkey/add/"
LIST = "/admin/tryon/shopkey/"
FORM = {"label": "  Web shop ", "scopes": ["catalogue", "try-ons"]}


def test_it_is_shown_once_and_kept_as_a_hash(as_staff):
    page = as_staff.post(ADD, FORM)
    secret = re.search(r"fr_[A-Za-z0-9_-]{43}", page.content.decode())[0]
    assert "no-store" in page["Cache-Control"]
    key = ShopKey.objects.get()
    assert (key.label, key.prefix) == ("Web shop", secret[:8])
    assert key.digest == hash_secret(secret) and key.scopes == ["catalogue", "try-ons"]
    for address in (LIST, f"{LIST}{key.pk}/change/", f"{LIST}{key.pk}/history/"):
        assert secret not in as_staff.get(address).content.decode()
    program = Program(secret)
    assert program.get("/garments").status_code == 200
    assert program.get("/webhooks").status_code == 403
    key.refresh_from_db()
    assert key.last_used_at is not None
    as_staff.post(LIST, {"action": "revoke", "_selected_action": [key.pk]})
    assert program.get("/garments").json()["code"] == "revoked_key"
    assert "revoked" in as_staff.get(LIST).content.decode()


@pytest.mark.parametrize(
    "change",
    [
        {"label": " "},
        {"label": "x" * 81},
        {"scopes": []},
        {"scopes": ["all"]},
        {"expires_at_0": "2020-01-01", "expires_at_1": "10:00"},
        {"expires_at_0": "soon", "expires_at_1": ""},
    ],
)
def test_what_cannot_be_a_key(as_staff, change):
    page = as_staff.post(ADD, FORM | change)
    assert page.status_code == 200 and "errorlist" in page.content.decode()
    assert not ShopKey.objects.exists()


def test_operators_revoke_but_make_none(db):
    factories.shop_key()
    operator = User.objects.create_user("o@example.org", is_staff=True)
    operator.groups.add(Group.objects.get(name="Operator"))
    client = StrictClient()
    client.force_login(operator)
    assert client.post(ADD, FORM).status_code == 403
    key = ShopKey.objects.get()
    client.post(LIST, {"action": "revoke", "_selected_action": [key.pk]})
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_the_command_prints_it_alone(db, capsys):
    call_command("shop_key", "Till", "--scopes", "customers, try-ons", "--expires", "3")
    printed = capsys.readouterr().out
    assert re.fullmatch(r"fr_[A-Za-z0-9_-]{43}\n", printed)
    key = ShopKey.objects.get()
    assert key.scopes == ["customers", "try-ons"] and key.expires_at is not None
    assert printed.strip() not in str(vars(key))


@pytest.mark.parametrize(
    "words",
    [[""], ["x" * 81], ["A", "--scopes", "all"], ["A", "--scopes", ","],
     ["A", "--expires", "0"]],
)  # fmt: skip
def test_what_the_command_does_not_take(db, words):
    with pytest.raises(CommandError) as error:
        call_command("shop_key", *words)
    assert error.value.returncode == 2
    assert not ShopKey.objects.exists()


def test_customers_of_the_api_in_the_admin(as_staff):
    owner = factories.customer("shop-7")
    made = factories.try_on(owner)
    page = f"/admin/tryon/user/{owner.pk}/change/"
    assert "shop-7" in as_staff.get(page).content.decode()
    form = {"daily_limit": "5", "is_active": "on", "email": ""}
    assert as_staff.post(page, form).status_code == 302
    owner.refresh_from_db()
    assert (owner.daily_limit, owner.external_id) == (5, "shop-7")
    told = as_staff.post(page, form | {"email": "a@example.org"})
    assert "no e-mail" in told.content.decode()
    for place in ("user", "tryon"):
        found = as_staff.get(f"/admin/tryon/{place}/?q=shop-7").content.decode()
        assert str(owner.pk if place == "user" else made.pk) in found
