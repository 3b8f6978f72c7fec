"""Roots of waiting: cases, and every small graph against a slower way to the same answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.probes.blocking import root_blockers


@pytest.mark.parametrize(
    ("waits_for", "roots"),
    [
        pytest.param({}, {}, id="nobody waits"),
        pytest.param({2: [1]}, {1: 1}, id="one for one"),
        pytest.param({2: [1], 3: [2]}, {1: 2}, id="a chain of three"),
        pytest.param({2: [1], 3: [1, 2], 4: [1, 2, 3]}, {1: 3}, id="a queue for one row"),
        pytest.param({3: [1, 2]}, {1: 1, 2: 1}, id="one for two"),
        pytest.param({1: [2], 2: [1]}, {}, id="a deadlock"),
        pytest.param({1: [2], 2: [1], 3: [1], 4: [9, 3]}, {9: 1}, id="a deadlock beside a root"),
        pytest.param({2: [1, 1, 2]}, {1: 1}, id="a parallel query that names itself"),
        pytest.param({2: []}, {}, id="one whose blocker has just gone"),
        pytest.param({5: [0]}, {0: 1}, id="a prepared transaction"),
    ],
)
def test_the_root_of_the_waiting_is_found(
    waits_for: dict[int, list[int]], roots: dict[int, int]
) -> None:
    assert root_blockers(waits_for) == roots


_pids = st.integers(min_value=1, max_value=8)


@given(st.dictionaries(_pids, st.lists(_pids, max_size=4)))
def test_roots_are_those_who_do_not_wait_and_count_all_who_reach_them(
    waits_for: dict[int, list[int]],
) -> None:
    reach = {(waiter, blocker) for waiter in waits_for for blocker in waits_for[waiter]}
    # The closure, by brute force.
    for _ in range(8):
        reach |= {(a, d) for a, b in reach for c, d in reach if b == c}
    expected: dict[int, int] = {}
    for _, blocker in reach:
        if blocker not in waits_for:
            expected[blocker] = sum(1 for _, end in reach if end == blocker)
    assert root_blockers(waits_for) == expected
