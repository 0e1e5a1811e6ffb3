import pytest

from tryon.sandbox.limiter import LIMIT, LIMITERS

pytestmark = pytest.mark.anywhere


@pytest.mark.parametrize("name", sorted(set(LIMITERS) - {"bucket-5"}))
def test_sixty_at_once_and_not_one_more(name):
    limiter = LIMITERS[name](60)
    assert [limiter.allow(1000.0) for _ in range(LIMIT + 1)] == [True] * 60 + [False]


@pytest.mark.parametrize("name", sorted(set(LIMITERS) - {"bucket-5"}))
def test_all_free_again_after_two_windows(name):
    limiter = LIMITERS[name](60)
    for _ in range(LIMIT):
        limiter.allow(1000.0)
    assert limiter.allow(1000.0 + 120)


def test_sliding_counts_any_sixty_seconds():
    limiter = LIMITERS["sliding"](60)
    for second in range(60):
        assert limiter.allow(second)
    assert not limiter.allow(59.5)
    assert limiter.allow(60)


def test_fixed_forgets_at_the_full_minute():
    limiter = LIMITERS["fixed"](60)
    for _ in range(60):
        assert limiter.allow(59.9)
    assert not limiter.allow(59.95)
    assert limiter.allow(60.0)


def test_the_small_bucket_lets_five_through_and_then_one_a_second():
    limiter = LIMITERS["bucket-5"](60)
    assert [limiter.allow(1000.0) for _ in range(6)] == [True] * 5 + [False]
    assert limiter.allow(1001.1)
    assert not limiter.allow(1001.2)
