import pytest

from vumeter.engine.allowance import Allowance
from vumeter.model.messages import Share
from vumeter.model.plan import Load


def claims(load: Load, index: int, count: int) -> int:
    """Return how many iterations the VUs of one worker may begin in all."""
    allowance = Allowance(load, Share(index=index, count=count))
    return sum(allowance.claim(vu) for _ in range(50) for vu in range(5))


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_all_workers_together_have_the_number_of_iterations(workers: int) -> None:
    load = Load(vus=10, iterations=23)
    assert sum(claims(load, index, workers) for index in range(workers)) == 23


def test_a_worker_without_a_vu_leaves_the_iterations_to_the_others() -> None:
    load = Load(vus=2, iterations=9)
    assert [claims(load, index, 4) for index in range(4)] == [5, 4, 0, 0]


def test_each_vu_has_its_own_number() -> None:
    allowance = Allowance(Load(vus=3, iterations=2, per_vu=True), Share(index=0, count=1))
    assert [allowance.claim(0) for _ in range(3)] == [True, True, False]
    assert (allowance.is_spent(0), allowance.is_spent(1)) == (True, False)
    assert allowance.claim(1)
    assert not allowance.is_exhausted


def test_without_a_number_there_is_no_limit() -> None:
    assert claims(Load(vus=1), 0, 1) == 250
    assert not Allowance(Load(vus=1), Share(index=0, count=1)).is_limited
