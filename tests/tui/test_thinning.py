"""Fewer bytes, and an emulator that sees no difference."""

import doctest

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.tui import thinning as thinning_module
from vumeter.tui.thinning import thinned

SIZE = (20, 5)

styles = st.lists(
    st.one_of(
        st.sampled_from(["0", "1", "3", "7", "9", "31", "97", "39", "44", "49", "107", ""]),
        st.sampled_from(["38;5;110", "48;5;233", "38;2;95;179;217", "48;2;16;20;24"]),
    ),
    min_size=1,
    max_size=4,
).map(lambda codes: f"\x1b[{';'.join(codes)}m")
pieces = st.lists(
    st.one_of(
        styles,
        st.text("ab ─⠮", min_size=1, max_size=6),
        st.sampled_from(
            ["\r\n", "\x1b[2;3H", "\x1b[H", "\x1b[K", "\x1b[2J", "\x1b[?25l", "\x1b[4A"]
        ),
    ),
    max_size=25,
)


def _cells(*writes: str) -> list[object]:
    screen = pyte.Screen(*SIZE)
    stream = pyte.Stream(screen)
    for data in writes:
        stream.feed(data)
    return [screen.buffer[y][x] for y in range(SIZE[1]) for x in range(SIZE[0])]


@given(st.lists(pieces, min_size=1, max_size=4))
def test_a_terminal_shows_the_same(written: list[list[str]]) -> None:
    writes = ["".join(each) + "\x1b[0m" for each in written]
    assert _cells(*map(thinned, writes)) == _cells(*writes)


@given(pieces)
def test_the_worst_case_is_little_longer(written: list[str]) -> None:
    data = "".join(written) + "\x1b[0m"
    # Two styles in a row become one, which may say what the one before had switched off.
    assert len(thinned(data)) <= len(data) + 6 * data.count("\x1b[")


@pytest.mark.parametrize(
    "data",
    ["plain", "\x1b[38mA", "\x1b[38;5mA", "\x1b[22mA", "\x1b]52;c;QQ==\x07", "\x1b"],
)
def test_what_is_not_understood_passes_as_it_is(data: str) -> None:
    assert thinned(data) == data


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert doctest.testmod(thinning_module).failed == 0
