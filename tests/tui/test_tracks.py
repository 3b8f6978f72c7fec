"""Packed points against the plain ones, and the pages that go when there are too many."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vumeter.testing.soak import point
from vumeter.tui.tracks import PAGE_POINTS, Track


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(
    seconds=st.lists(st.integers(0, 3 * PAGE_POINTS), unique=True, min_size=1, max_size=200),
    first=st.integers(0, 3 * PAGE_POINTS),
    length=st.integers(1, 2 * PAGE_POINTS),
)
def test_merging_equals_merging_by_hand_across_pages(
    seconds: list[int], first: int, length: int
) -> None:
    track = Track(1)
    list(track.add([point(second) for second in seconds]))
    inside = [point(second) for second in seconds if first <= second < first + length]
    merged = track.merged(first, first + length)
    if not inside:
        assert merged is None
        return
    assert merged is not None
    assert merged.points == track.known(first, first + length) == len(inside)
    assert merged.requests == sum(each.requests for each in inside)
    assert merged.peak_requests == max(each.requests for each in inside)
    assert merged.p99 == max(each.p99_us or -1 for each in inside)
    gaps = [place for low, high in track.gaps(first, first + length) for place in range(low, high)]
    assert gaps == sorted(set(range(first, first + length)) - set(seconds))


def test_a_point_that_came_before_changes_nothing() -> None:
    track = Track(10)
    assert list(track.add([point(20, span_s=10), point(30, span_s=10)])) == [(2, 3)]
    assert list(track.add([point(20, span_s=10)])) == []


def test_of_too_many_pages_the_one_goes_that_was_used_longest_ago() -> None:
    track = Track(1, page_limit=2)
    for page in (0, 1):
        list(track.add([point(page * PAGE_POINTS)]))
    assert track.known(0, 1) == 1
    list(track.add([point(2 * PAGE_POINTS)]))
    known = [track.known(page * PAGE_POINTS, page * PAGE_POINTS + 1) for page in range(3)]
    assert known == [1, 0, 1]


def test_a_page_is_asked_for_once_and_again_when_it_has_gone() -> None:
    track = Track(1, page_limit=1)
    assert track.unasked(100, 200) == (0, 199)
    assert track.unasked(0, 200) is None
    list(track.add([point(second) for second in range(250)]))
    assert track.unasked(0, 300) == (250, 299), "only what is not known"
    list(track.add([point(PAGE_POINTS)]))
    assert track.unasked(0, 300) == (0, 299)


def test_the_newest_page_is_asked_for_first() -> None:
    track = Track(60)
    assert track.unasked(0, 2 * PAGE_POINTS + 5) == (2 * PAGE_POINTS, 2 * PAGE_POINTS + 4)
    assert track.unasked(0, 2 * PAGE_POINTS + 5) == (PAGE_POINTS, 2 * PAGE_POINTS - 1)
