"""What scripts print and log: whole lines with their place, as many as one can read."""

import logging
import sys
import threading
import warnings

import pytest

from vumeter.clock import NANOSECONDS_PER_S
from vumeter.engine.overhearing import AT_ONCE, LONGEST_LINE, Allowance, overheard

HERE = "test_overhearing.py:"


@pytest.fixture
def heard() -> list[tuple[str, str]]:
    return []


def test_each_line_is_told_with_the_place_where_it_is_printed(heard) -> None:
    with overheard(lambda *said: heard.append(said)):
        print("one", "two", end="")
        print(" three\nfour")
        print("to stderr", file=sys.stderr)
    assert [text for _, text in heard] == ["one two three", "four", "to stderr"]
    assert all(place.startswith(HERE) for place, _ in heard)
    first, second, third = (int(place.removeprefix(HERE)) for place, _ in heard)
    assert first == second == third - 1
    print("not heard any more")
    assert len(heard) == 3


def test_loggers_and_warnings_are_told_with_the_place_of_the_script(heard) -> None:
    with overheard(lambda *said: heard.append(said)):
        handler = logging.StreamHandler()
        logger = logging.getLogger("test-overhearing")
        logger.addHandler(handler)
        logger.warning("mind the gap")
        logger.removeHandler(handler)
        # As warnings.warn() prints, which pytest has taken over.
        exec(compile("print('old')", warnings.__file__, "exec"))
    (logged, text), (warned, _) = heard[:2]
    assert text == "mind the gap"
    assert logged.startswith(HERE)
    assert warned.startswith(HERE)


def test_threads_do_not_mix_their_lines(heard) -> None:
    with overheard(lambda *said: heard.append(said)):
        print("half", end="")
        other = threading.Thread(target=print, args=("whole",))
        other.start()
        other.join()
        print(" and half")
    assert [text for _, text in heard] == ["whole", "half and half"]


def test_a_flood_is_cut_off_and_said_to_be_one(heard) -> None:
    with overheard(lambda *said: heard.append(said)):
        for number in range(AT_ONCE + 1000):
            print(number)
        print("x" * 10 * LONGEST_LINE, end="")
    assert [text for _, text in heard[:AT_ONCE]] == [str(n) for n in range(AT_ONCE)]
    # The machine may take over a second for the loop, which lets one more through.
    assert "left out" in heard[-1][1]
    assert len(heard) <= AT_ONCE + 10


def test_a_long_line_is_cut(heard) -> None:
    with overheard(lambda *said: heard.append(said)):
        print("x" * 10 * LONGEST_LINE)
    assert heard[0][1] == "x" * LONGEST_LINE


def test_from_then_on_one_line_a_second_is_granted() -> None:
    now_ns = 0
    allowance = Allowance(lambda: now_ns)
    assert sum(allowance.grants() for _ in range(100)) == AT_ONCE
    assert allowance.left_out == 100 - AT_ONCE
    now_ns = 3 * NANOSECONDS_PER_S
    assert sum(allowance.grants() for _ in range(100)) == 3
