import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tryon.pipeline.forecast import HISTORY, PRIOR, PRIOR_WEIGHT, Forecast

pytestmark = pytest.mark.anywhere

durations = st.lists(st.floats(0.5, 900), max_size=80)


def direct(known: list[float], expected: float, looked: float, age: float) -> float:
    """Term by term: the mean of max(0, t-d) over d > s."""
    weighted = [(d, 1.0) for d in known[:HISTORY]]
    weighted += [(d * expected / 20, PRIOR_WEIGHT / len(PRIOR)) for d in PRIOR]
    left = [(d, w) for d, w in weighted if d > looked]
    if not left:
        return (age - looked) / 2 * (1 - looked / age)
    total = sum(w for _, w in left)
    return sum(w * max(0, age - d) for d, w in left) / total


@given(durations, st.floats(0, 700), st.floats(0, 700))
def test_unseen_waiting_is_the_mean_over_what_may_still_come(known, looked, more):
    age = looked + more
    if age <= looked:
        assert Forecast(known, 20).unseen(looked, age) == 0
        return
    expected = direct(known, 20, looked, age)
    assert Forecast(known, 20).unseen(looked, age) == pytest.approx(
        expected, rel=1e-6, abs=1e-6
    )


@given(durations, st.floats(0, 500))
def test_unseen_waiting_grows_with_age(known, looked):
    forecast = Forecast(known, 20)
    values = [forecast.unseen(looked, looked + step) for step in range(0, 200, 5)]
    assert all(a <= b + 1e-9 for a, b in itertools.pairwise(values))


@given(durations, st.floats(0.01, 0.99), st.floats(0, 600))
def test_quantiles_are_durations_beyond_the_age(known, share, age):
    value = Forecast(known, 20).quantile(share, age)
    assert value >= age


def test_the_prior_alone_says_about_twenty():
    assert Forecast([], 20).quantile(0.5) == 23.5
    assert Forecast([], 2).quantile(0.5) == pytest.approx(2.35)


def test_twenty_known_ones_outweigh_the_prior():
    forecast = Forecast([8.0] * 20, 20)
    assert forecast.quantile(0.5) == 8
    assert forecast.count == 20


def test_only_the_newest_count():
    assert Forecast([10.0] * HISTORY + [500.0] * 100, 20).count == HISTORY


def test_remaining_of_one_that_outlived_everything():
    forecast = Forecast([], 20)
    assert forecast.remaining(10_000) == 0
    assert forecast.unseen(10_000, 10_100) == pytest.approx(0.495, abs=0.01)
