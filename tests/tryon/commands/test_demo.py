import json

from django.core.management import call_command

from tryon import demo
from tryon.models import Garment, Photo, TryOn, User


def test_loads_once_and_again_changes_nothing(db, settings, tmp_path, capsys):
    settings.DATA_DIR = tmp_path
    call_command("demo")
    told = capsys.readouterr().out
    counts = [m.objects.count() for m in (Garment, Photo, TryOn, User)]
    assert counts == [20, 9, 4, 2]
    assert TryOn.objects.filter(mode="combo").count() == 1
    assert {g.kind for g in Garment.objects.all()} == {
        "upper_body",
        "lower_body",
        "full_body",
    }
    kept = json.loads((tmp_path / "demo-accounts.json").read_text())
    assert (tmp_path / "demo-accounts.json").stat().st_mode & 0o77 == 0
    for email in (demo.CUSTOMER, demo.STAFF):
        assert f"{email}  {kept[email]}" in told
        assert User.objects.get(email=email).check_password(kept[email])
    call_command("demo")
    assert [m.objects.count() for m in (Garment, Photo, TryOn, User)] == counts


def test_spends_nothing_with_a_real_key(db, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.MIRAGIC_SANDBOX = False
    call_command("demo", verbosity=0)
    assert not TryOn.objects.exists()
