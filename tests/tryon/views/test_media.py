from tests import factories
from tryon.pictures import storage


def test_private_caching_and_nosniff(on_disk, as_alice, alice):
    photo = factories.photo(alice)
    response = as_alice.get(photo.url)
    assert response["Content-Type"] == "image/jpeg"
    assert response["Cache-Control"] == "private, max-age=86400, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert b"".join(response.streaming_content)[:2] == b"\xff\xd8"
    again = as_alice.get(photo.url, headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304


def test_access_is_checked_before_not_modified(on_disk, as_alice, as_bob, alice):
    photo = factories.photo(alice)
    etag = as_alice.get(photo.url)["ETag"]
    assert as_bob.get(photo.url, headers={"If-None-Match": etag}).status_code == 404


def test_a_missing_file_is_not_found(as_alice, alice):
    photo = factories.photo(alice)
    storage.delete(photo.file_names)
    assert as_alice.get(photo.url).status_code == 404


def test_one_query_for_the_picture(as_alice, alice, django_assert_num_queries):
    photo = factories.photo(alice)
    with django_assert_num_queries(3):  # session, user, picture
        as_alice.get(photo.url)
