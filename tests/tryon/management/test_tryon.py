"""The shell's bad input; the good path runs with real workers in tests/flows."""

import json

import pytest
from django.core.management import CommandError, call_command

from tests.factories import picture_bytes
from tryon.models import TryOn, User
from tryon.pictures import storage


@pytest.fixture
def files(tmp_path, db):
    for name in ("me.jpg", "top.jpg", "bottom.jpg"):
        (tmp_path / name).write_bytes(picture_bytes())
    (tmp_path / "bad.jpg").write_text("not a picture")
    return tmp_path


def refused(*args, **options) -> CommandError:
    with pytest.raises(CommandError) as caught:
        call_command("tryon", *args, **options)
    assert caught.value.returncode == 2
    assert not TryOn.objects.exists()
    return caught.value


def test_bad_input_is_a_sentence_and_exit_2(files):
    me, top, bad = (str(files / n) for n in ("me.jpg", "top.jpg", "bad.jpg"))
    assert "--type" in str(refused(me, top))
    assert "--type" in str(refused(me, top, bottom=top, type="upper_body"))
    assert "not a picture" in str(refused(bad, top, type="upper_body"))
    assert "not a picture" in str(refused(me, bad, type="upper_body"))
    assert "No such file" in str(refused(me, str(files / "x"), type="upper_body"))
    assert "no account" in str(refused(me, top, type="upper_body", owner="x@x.org"))
    missing = files / "nowhere" / "out.jpg"
    assert "folder" in str(refused(me, top, type="upper_body", output=missing))
    assert "is a folder" in str(refused(me, top, type="upper_body", output=files))


def test_no_wait_returns_with_the_queued_one(files, capsys):
    me, top, bottom = (str(files / n) for n in ("me.jpg", "top.jpg", "bottom.jpg"))
    call_command("tryon", me, top, "--bottom", bottom, no_wait=True, json=True)
    told = json.loads(capsys.readouterr().out)
    made = TryOn.objects.get()
    assert told == {
        "id": str(made.pk),
        "status": "queued",
        "mode": "combo",
        "remote_id": None,
        "failure_code": None,
        "seconds": None,
        "output": None,
    }
    owner = User.objects.get()
    assert owner.email == "shell@localhost"
    assert not owner.has_usable_password()


def test_again_makes_a_new_one(files, capsys):
    me, top = str(files / "me.jpg"), str(files / "top.jpg")
    for again, count in ((False, 1), (False, 1), (True, 2)):
        call_command("tryon", me, top, type="upper_body", no_wait=True, again=again)
        assert TryOn.objects.count() == count


def test_timeout_is_exit_1(files, capsys):
    me, top = str(files / "me.jpg"), str(files / "top.jpg")
    with pytest.raises(SystemExit) as caught:
        call_command("tryon", me, top, type="upper_body", timeout=0.3, json=True)
    assert caught.value.code == 1
    assert json.loads(capsys.readouterr().out)["status"] == "queued"


def test_a_store_that_is_away_is_a_sentence_and_exit_1(files, monkeypatch):
    def full(*args):
        raise storage.Away("no space left")

    monkeypatch.setattr(storage, "save", full)
    me, top = str(files / "me.jpg"), str(files / "top.jpg")
    with pytest.raises(CommandError, match="store of pictures is away") as caught:
        call_command("tryon", me, top, type="upper_body")
    assert caught.value.returncode == 1
