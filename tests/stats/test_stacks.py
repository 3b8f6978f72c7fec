"""What sampled stacks say of functions: shares, boxes, and that no sample is lost."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from vumeter.stats.stacks import Box, Stack, boxes, hottest, stacks_of, torn_samples

COLLAPSED = """\
main (shop.py:9);serve (shop.py:4);pay (shop.py:30) 6
main (shop.py:9);serve (shop.py:4);pay (shop.py:31) 1
main (shop.py:9);serve (shop.py:5) 2
main (shop.py:9);serve (shop.py:4);tax (law.py:2);pay (shop.py:30) 1
"""
NAMES = st.sampled_from(["a (f.py:1)", "a (f.py:2)", "b (f.py:1)", "b (g.py:1)", "native"])
STACKS = st.lists(
    st.builds(Stack, st.lists(NAMES, min_size=1, max_size=5).map(tuple), st.integers(1, 50)),
    max_size=20,
)


def test_a_function_is_charged_with_itself_and_with_what_it_calls() -> None:
    found = {hot.function: hot for hot in hottest(stacks_of(COLLAPSED))}
    assert (found["pay (shop.py)"].own, found["pay (shop.py)"].total) == (8, 8)
    assert (found["serve (shop.py)"].own, found["serve (shop.py)"].total) == (2, 10)
    assert (found["tax (law.py)"].own, found["tax (law.py)"].total) == (0, 1)
    assert found["pay (shop.py)"].line == 30, "6 + 1 samples, and 1 of line 31"
    assert next(iter(found)) == "pay (shop.py)"


def test_a_function_that_calls_itself_is_charged_once() -> None:
    (hot,) = hottest(stacks_of("fib (f.py:2);fib (f.py:2);fib (f.py:3) 5"))
    assert (hot.own, hot.total, hot.line) == (5, 5, 3)


def test_boxes_of_one_function_called_from_one_place_are_one() -> None:
    found = {(box.depth, box.name): box for box in boxes(stacks_of(COLLAPSED))}
    assert found[0, "main (shop.py)"] == Box("main (shop.py)", 0, 0, 10, 0)
    assert found[1, "serve (shop.py)"].own == 2
    assert found[2, "pay (shop.py)"].samples == 7, "of two lines"
    assert found[3, "pay (shop.py)"].samples == 1, "called from elsewhere"


def test_what_is_no_stack_is_left_out_and_hurts_nobody() -> None:
    text = "\n".join(["", "half a li", " 7", "a (f.py:1) x", "a (f.py:1) 3", "odd;;names 4", "٣ ٣"])
    assert [stack.samples for stack in stacks_of(text)] == [3, 4]
    assert sum(hot.own for hot in hottest(stacks_of(text))) == 7


def test_the_widest_of_siblings_comes_first() -> None:
    found = [box for box in boxes(stacks_of(COLLAPSED)) if box.depth == 2]
    assert [box.name for box in sorted(found, key=lambda box: box.start)] == [
        "pay (shop.py)",
        "tax (law.py)",
    ]


def test_a_stack_that_begins_in_the_middle_of_others_is_torn() -> None:
    whole = "main (a.py:1);serve (a.py:2);pay (a.py:3) 90\nthread (b.py:1);serve (a.py:2) 5\n"
    assert torn_samples(stacks_of(whole)) == 0
    assert torn_samples(stacks_of(f"{whole}serve (a.py:2);pay (a.py:3) 3\npay (a.py:3) 2")) == 5
    assert torn_samples(()) == 0


@given(STACKS)
def test_no_sample_is_lost_and_no_two_boxes_of_a_level_overlap(stacks: list[Stack]) -> None:
    samples = sum(stack.samples for stack in stacks)
    found = list(boxes(stacks))
    assert sum(box.own for box in found) == samples
    assert sum(hot.own for hot in hottest(stacks)) == samples
    taken: Counter[tuple[int, int]] = Counter()
    for box in found:
        taken.update((box.depth, at) for at in range(box.start, box.start + box.samples))
        assert box.start >= 0 and box.start + box.samples <= samples
    assert all(count == 1 for count in taken.values())


@given(STACKS)
def test_every_box_stands_within_its_caller(stacks: list[Stack]) -> None:
    found = list(boxes(stacks))
    for box in found:
        below = [
            each
            for each in found
            if each.depth == box.depth - 1
            and each.start <= box.start
            and box.start + box.samples <= each.start + each.samples
        ]
        assert box.depth == 0 or len(below) == 1
