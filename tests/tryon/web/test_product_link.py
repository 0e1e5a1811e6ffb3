"""From a shop's product page and back: only to hosts that the shop has named."""

import pytest

from tests import factories


@pytest.fixture
def shop(settings, db):
    settings.TRYON_RETURN_HOSTS = ["shop.example.org"]
    return factories.garment(sku="FR-1", name="Wool blazer")


def test_comes_with_the_garment_chosen_and_the_way_back(as_alice, shop):
    address = "/try-on/?garment=FR-1&return=https://shop.example.org/p/1%3Fa=b"
    html = as_alice.get(address).content.decode()
    assert f'value="{shop.pk}"' in html
    assert html.count(" checked") == 1
    assert 'href="https://shop.example.org/p/1?a=b"' in html
    assert "Back to the product" in as_alice.get("/try-on/").content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example.com/",
        "//evil.example.com/",
        "javascript:alert(1)//shop.example.org",
        "https://shop.example.org@evil.example.com/",
        "https://user@shop.example.org/",
        "https://shop.example.org.evil.com/",
        "https://[shop.example.org/",
        "",
    ],
)
def test_nowhere_else(as_alice, shop, address):
    html = as_alice.get("/try-on/", {"garment": "FR-1", "return": address})
    assert html.status_code == 200
    assert "Back to the product" not in html.content.decode()


def test_a_host_that_was_taken_out_is_forgotten(as_alice, shop, settings):
    as_alice.get("/try-on/?garment=FR-1&return=https://shop.example.org/p/1")
    settings.TRYON_RETURN_HOSTS = []
    assert "Back to the product" not in as_alice.get("/try-on/").content.decode()
