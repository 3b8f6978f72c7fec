from hypothesis import given
from hypothesis import strategies as st

from vumeter.schedule.shares import first_owned, share

workers = st.integers(1, 40)
totals = st.integers(0, 10_000)


@given(totals, workers)
def test_the_shares_of_all_workers_add_up_to_the_total(total: int, count: int) -> None:
    assert sum(share(total, index, count) for index in range(count)) == total


@given(totals, workers)
def test_no_two_shares_differ_by_more_than_one(total: int, count: int) -> None:
    shares = [share(total, index, count) for index in range(count)]
    assert max(shares) - min(shares) <= 1


@given(totals, workers)
def test_a_share_is_how_many_numbers_fall_to_its_worker(total: int, count: int) -> None:
    for index in range(count):
        assert share(total, index, count) == len(range(index, total, count))


@given(totals, workers)
def test_one_more_in_all_moves_one_worker_by_one(total: int, count: int) -> None:
    moved = [share(total + 1, w, count) - share(total, w, count) for w in range(count)]
    assert sorted(moved) == [0] * (count - 1) + [1]


@given(totals, workers, st.data())
def test_the_first_owned_number_is_the_next_that_falls_to_the_worker(
    number: int, count: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, count - 1))
    first = first_owned(number, index, count)
    assert first == next(i for i in range(number, number + count) if i % count == index)
