import importlib
import json
import pkgutil

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from tests import factories
from tryon import demo, migrations
from tryon.models import Garment, Photo, Shop, TryOn, User

ALL = [20, 9, 4, 2]


def counts() -> list[int]:
    return [m.objects.count() for m in (Garment, Photo, TryOn, User)]


@pytest.fixture(autouse=True)
def folder(db, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


def test_loads_catalogue_people_accounts_and_try_ons(folder, capsys):
    call_command("demo")
    told = capsys.readouterr().out
    assert counts() == ALL
    assert TryOn.objects.filter(mode="combo").count() == 1
    assert {g.kind for g in Garment.objects.all()} == {
        "upper_body",
        "lower_body",
        "full_body",
    }
    kept = json.loads((folder / "demo-accounts.json").read_text())
    assert (folder / "demo-accounts.json").stat().st_mode & 0o77 == 0
    for email in (demo.CUSTOMER, demo.STAFF):
        assert f"{email}  {kept[email]}" in told
        assert User.objects.get(email=email).check_password(kept[email])


def test_what_was_deleted_does_not_come_back(capsys):
    call_command("demo")
    User.objects.get(email=demo.STAFF).delete()
    Garment.objects.get(sku="FR-3039").delete()
    Photo.objects.filter(try_ons=None).first().delete()
    left = counts()
    capsys.readouterr()
    call_command("demo")
    assert counts() == left
    told = capsys.readouterr().out
    assert demo.STAFF not in told and demo.CUSTOMER in told


def test_nobody_is_reset(capsys):
    call_command("demo")
    staff = User.objects.get(email=demo.STAFF)
    staff.set_password("a password of their own")
    staff.save()
    User.objects.filter(email=demo.CUSTOMER).update(is_active=False)
    capsys.readouterr()
    call_command("demo")
    assert capsys.readouterr().out == ""
    staff.refresh_from_db()
    assert staff.check_password("a password of their own")
    assert not User.objects.get(email=demo.CUSTOMER).is_active


def test_accounts_of_the_same_names_are_left_alone():
    """They were there first: no rights, no pictures."""
    User.objects.create_user(demo.STAFF, "a password of their own")
    User.objects.create_user(demo.CUSTOMER, "a password of their own")
    call_command("demo")
    assert not User.objects.get(email=demo.STAFF).is_superuser
    assert counts() == [20, 0, 0, 2]


def test_it_is_for_the_sandbox_alone(settings):
    settings.MIRAGIC_SANDBOX = False
    with pytest.raises(CommandError, match="for the sandbox"):
        call_command("demo")
    assert counts() == [0, 0, 0, 0]


def remember() -> None:
    """The step of the migration, on tables as it finds them."""
    names = [module.name for module in pkgutil.iter_modules(migrations.__path__)]
    (name,) = [name for name in names if name.endswith("_demo_loaded")]
    module = importlib.import_module(f"tryon.migrations.{name}")
    module.remember_the_demo(apps, None)


@pytest.mark.parametrize("left", ["account", "garment", "file"])
def test_a_demo_from_before_the_mark_counts_as_loaded(folder, left):
    if left == "account":
        User.objects.create_user(demo.CUSTOMER, "its password")
    elif left == "garment":
        factories.garment(sku="FR-1042")
    else:
        User.objects.create_user("owner@example.com", "their password")
        (folder / "demo-accounts.json").write_text("{}")
    remember()
    before = counts()
    call_command("demo")
    assert counts() == before


def test_a_new_database_has_no_demo_yet(folder):
    """Though the file of an earlier one may lie there still."""
    (folder / "demo-accounts.json").write_text("{}")
    remember()
    assert not Shop.objects.exists()
    call_command("demo")
    assert counts() == ALL
