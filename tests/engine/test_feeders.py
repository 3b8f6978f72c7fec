"""Feeders: which row an iteration gets, in one worker and in several."""

import random
from collections import Counter

import pytest

from vumeter.engine.feeders import Feed
from vumeter.errors import UsageError
from vumeter.model.messages import Share
from vumeter.model.plan import Feeder, FeederOrder


class Scope:
    def __init__(self, number: int = 1, place: int = 0) -> None:
        self.variables: dict[str, str] = {}
        self.rows: dict[str, tuple[str, ...]] = {}
        self.number, self.place, self.iteration = number, place, 0
        self.rng = random.Random(number)


def feeder(rows: int, order: FeederOrder) -> Feeder:
    return Feeder(name="n", columns=("n",), rows=tuple((str(n),) for n in range(rows)), order=order)


def feed(rows: int, order: FeederOrder, index: int = 0, count: int = 1) -> Feed:
    return Feed(feeder(rows, order), Share(index=index, count=count))


@pytest.mark.parametrize("workers", [1, 2, 3, 5])
def test_all_workers_together_give_out_each_row_once_before_the_first_again(workers) -> None:
    feeds = [feed(30, FeederOrder.SEQUENTIAL, index, workers) for index in range(workers)]
    rounds = [[each.row(Scope())[0] for each in feeds] for _ in range(60 // workers)]
    given = [int(row) for one in rounds for row in one]
    assert given == [*range(30), *range(30)]


def test_a_random_row_is_any_and_the_same_again_for_the_same_vu() -> None:
    one, other = Scope(3), Scope(3)
    each = feed(4, FeederOrder.RANDOM)
    rows = [each.row(one) for _ in range(400)]
    assert set(Counter(rows)) == {("0",), ("1",), ("2",), ("3",)}
    assert rows == [each.row(other) for _ in range(400)]


def test_each_vu_has_a_row_of_its_own_and_more_vus_than_rows_share() -> None:
    each = feed(3, FeederOrder.UNIQUE)
    rows = [each.row(Scope(place=place))[0] for place in (0, 1, 2, 3, 0)]
    assert rows == ["0", "1", "2", "0", "0"]


def test_a_feeder_without_rows_is_refused() -> None:
    with pytest.raises(UsageError, match='"n" has no rows'):
        feed(0, FeederOrder.RANDOM)
