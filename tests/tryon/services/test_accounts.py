"""Everything that refers to a person: where it goes when they sign in, or go."""

import io
import threading
import uuid
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction
from django.utils import timezone

from tests import factories
from tests.factories import NOW, picture_bytes
from tryon import services
from tryon.models import (
    CatalogueImport,
    EmbedToken,
    Fitting,
    OwnerGone,
    Photo,
    PictureAccess,
    Report,
    Result,
    ReviewDecision,
    Status,
    TryOn,
    User,
)
from tryon.pictures import normalise
from tryon.services import accounts, consents, exports
from tryon.views import photos as view

# A relation to the user: what signing in does with a guest's, what deletion does.
# "none": a guest cannot have one. A new relation fails the test until it is decided.
RELATIONS = {
    "photos": ("moved", "deleted"),
    "garments": ("moved", "deleted"),
    "try_ons": ("moved", "kept"),  # as a tombstone that names nobody
    "tryonevent": ("moved", "kept"),
    "fittings": ("moved", "deleted"),
    "exports": ("moved", "deleted"),
    "handoffs": ("moved", "deleted"),
    "consents": ("moved", "deleted"),
    "report": ("moved", "deleted"),
    "deletion_receipts": ("moved", "kept"),
    "favourite_garments": ("moved", "deleted"),
    "catalogueimport": ("none", "kept"),
    "claimed_results": ("none", "kept"),  # the result
    "reviewdecision": ("none", "kept"),
    "picture_accesses": ("none", "deleted"),
    "logentry": ("none", "deleted"),
    "usersession": ("none", "deleted"),
    "authenticator": ("none", "deleted"),
    "emailaddress": ("none", "deleted"),
    "embed_tokens": ("none", "deleted"),
    "groups": ("none", "deleted"),
    "user_permissions": ("none", "deleted"),
}


def relations() -> dict[str, tuple[type, str]]:
    """Name to the model that has it, and its column."""
    found = {
        rel.related_name or rel.name: (rel.related_model, rel.field.name)
        for rel in User._meta.related_objects
    }
    for field in User._meta.many_to_many:
        through = field.remote_field.through
        found[field.name] = (through, field.m2m_field_name())
    return found


def fill(owner: User, of_others: TryOn, *, guest: bool) -> None:
    """One row at least of each relation that this person can have."""
    made = factories.try_on(owner, Status.COMPLETED)
    factories.garment(owner=owner)
    services.create_try_on(
        owner=owner,
        photo=made.photo,
        outfit=services.Outfit(made.garment),
        now=NOW,
        again=True,
    )
    Fitting.objects.create(
        owner=owner, photo=made.photo, token=uuid.uuid4(), created_at=NOW
    )
    exports.request_export(owner=owner, try_ons=[made], now=NOW)
    services.open_handoff(owner=owner, now=NOW)
    consents.give(owner=owner, now=NOW)
    result = of_others.result
    Report.objects.create(result=result, reason="other", by=owner, at=NOW)
    extra = factories.photo(owner)
    services.delete_photo(photo=extra, now=NOW, by=owner)
    exports.request_export(owner=owner, try_ons=[made], now=NOW)
    owner.favourite_garments.add(factories.garment(sku=f"F-{owner.pk}"))
    if guest:
        return
    CatalogueImport.objects.create(by=owner, file_name="i.zip", created_at=NOW)
    Result.objects.filter(pk=result.pk).update(claimed_by=owner)
    ReviewDecision.objects.create(result=result, decision="hide", by=owner, at=NOW)
    PictureAccess.objects.create(by=owner, stem="photo-x", hour=NOW)
    LogEntry.objects.create(user=owner, action_flag=1, object_repr="x")
    UserSession.objects.create(user=owner, session_key="s" * 32, ip="127.0.0.1")
    EmbedToken.create(owner, NOW)
    Authenticator.objects.create(user=owner, type="totp", data={})
    EmailAddress.objects.create(user=owner, email=str(owner.email))
    owner.groups.add(Group.objects.first())
    owner.user_permissions.add(Permission.objects.first())


def rows(relation: str, owner_pk: int) -> set:
    model, column = relations()[relation]
    found = model._base_manager.filter(**{column: owner_pk})
    return set(found.values_list("pk", flat=True))


def test_every_relation_to_a_person_is_decided():
    assert relations().keys() == RELATIONS.keys()
    moved = {name for name, (there, _) in RELATIONS.items() if there == "moved"}
    handed_over = {"photos", "garments", "favourite_garments"}  # these have twins
    columns = {(model, column) for model, column in accounts.MOVED.items()}
    assert {relations()[name] for name in moved - handed_over} == columns


def test_what_a_guest_has_moves_to_the_account(alice, bob):
    guest = User.objects.get_or_create_guest("g" * 64, NOW)
    fill(guest, factories.try_on(bob, Status.COMPLETED), guest=True)
    before = {name: rows(name, guest.pk) for name in RELATIONS}
    had = {name: rows(name, alice.pk) for name in RELATIONS}
    for name, (signing_in, _deletion) in RELATIONS.items():
        assert bool(before[name]) == (signing_in == "moved"), name
    services.claim_guest(guest=guest, owner=alice)
    after = {name: rows(name, alice.pk) for name in RELATIONS}
    for name in RELATIONS:
        if name == "favourite_garments":  # hearts are given anew
            assert len(after[name]) == len(had[name] | before[name])
        else:
            assert after[name] == had[name] | before[name], name
    assert consents.has_consented(alice)
    services.claim_guest(guest=guest, owner=alice)  # twice at once: nothing more


def test_what_a_deleted_account_leaves(alice, bob):
    fill(alice, factories.try_on(bob, Status.COMPLETED), guest=False)
    mine = {name: rows(name, alice.pk) for name in RELATIONS}
    assert all(mine.values()), mine
    pk = alice.pk
    services.delete_owner(owner=alice, now=NOW)
    for name, (_signing_in, deletion) in RELATIONS.items():
        model, _column = relations()[name]
        left = set(model._base_manager.values_list("pk", flat=True)) & mine[name]
        assert left == (mine[name] if deletion == "kept" else set()), name
        assert not rows(name, pk), name


def add_photo(owner: User, data: bytes) -> Photo:
    picture = normalise.read_person(io.BytesIO(data))
    # Of now: a file that was to be there months ago is cleared away.
    return services.add_photo(owner=owner, picture=picture, now=timezone.now())


@pytest.mark.parametrize("end", ["claim", "delete"])
@pytest.mark.django_db(transaction=True)
def test_a_photo_that_comes_meanwhile_is_somebodys_or_refused(end, media_files):
    """Uploads race with the guest's sign-in, or with the deletion of their account."""
    account = User.objects.create_user("owner@example.org")
    guest = User.objects.get_or_create_guest("g" * 64, NOW)
    pictures = [picture_bytes() for _ in range(8)]
    barrier, refused = threading.Barrier(9), []

    def upload(data: bytes) -> None:
        owner = User.objects.get(pk=guest.pk)
        barrier.wait()
        try:
            add_photo(owner, data)
        except OwnerGone:
            refused.append(data)
        connection.close()

    threads = [threading.Thread(target=upload, args=(data,)) for data in pictures]
    for thread in threads:
        thread.start()
    barrier.wait()
    if end == "claim":
        services.claim_guest(guest=guest, owner=account)
    else:
        services.delete_owner(owner=guest, now=NOW)
    for thread in threads:
        thread.join()
    assert not User.objects.filter(pk=guest.pk).exists()
    kept = {photo.file_name for photo in Photo.objects.all()}
    assert set(media_files()) == kept
    assert len(kept) == (8 - len(refused) if end == "claim" else 0)


def test_whoever_is_gone_is_told_so(db, client, jpeg, monkeypatch):
    """Signed in in another window while this one sends its photo."""
    guest = User.objects.get_or_create_guest("g" * 64, NOW)
    real = services.add_photo

    def late(**fields):
        with transaction.atomic():
            User.objects.filter(pk=guest.pk).delete()
        return real(**fields)

    monkeypatch.setattr(view.services, "add_photo", late)
    consents.give(owner=guest, now=NOW)
    session = client.session
    session["guest"] = guest.pk
    session.save()
    User.objects.filter(pk=guest.pk).update(guest_expires_at=NOW + timedelta(days=999))
    response = client.post("/photos/", {"photo_file": io.BytesIO(jpeg)})
    assert response.status_code == 409
    assert "Nothing was sent" in response.content.decode()
