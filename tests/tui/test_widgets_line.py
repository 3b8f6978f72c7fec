"""Text on its way to the terminal: nothing hostile passes, and every width is kept."""

import doctest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from vumeter.tui.glyphs import GlyphSet
from vumeter.tui.terminal import DEFAULT_LOOK, ColourDepth, Ink, Terminal, look_for
from vumeter.tui.widgets import bars, line, panel
from vumeter.tui.widgets.bars import bar, core_spark, spark, stacked_bar
from vumeter.tui.widgets.line import Line, cells, clean, cropped, joined, to_strip, wrapped
from vumeter.tui.widgets.panel import changed_width, rule, title

ASCII_LOOK = look_for(Terminal(depth=ColourDepth.NONE, glyphs=GlyphSet.ASCII))


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param("\x1b[31mred\x1b[0m", id="colour escape"),
        pytest.param("\x1b]0;owned\x07", id="title escape"),
        pytest.param("\x1b]52;c;cm0gLXJm\x07", id="clipboard escape"),
        pytest.param("\x9b31m", id="C1 escape"),
        pytest.param("a\rb\nc\td\x00\x08\x7f", id="control characters"),
        pytest.param("ab\u200bcd\ufeff\u2060", id="zero width"),
        pytest.param("\u202egnp.exe", id="right to left override"),
        pytest.param("Z\u0351\u036b\u0343a\u0323\u0340l\u035ego", id="piled up accents"),
        pytest.param("\ue000\U000f0000", id="private use"),
        pytest.param("\ud800", id="half a surrogate"),
        pytest.param("\u2028\u2029\u0085", id="odd line ends"),
        pytest.param("[bold red]markup[/]", id="markup"),
    ],
)
@pytest.mark.parametrize("look", [DEFAULT_LOOK, ASCII_LOOK], ids=["braille", "ascii"])
def test_hostile_text_leaves_only_printable_cells(hostile: str, look: object) -> None:
    shown = clean(hostile, look)  # type: ignore[arg-type]
    assert shown.isprintable()
    assert all(cell_len(character) in (1, 2) for character in shown)
    strip = to_strip(Line(DEFAULT_LOOK).add(hostile).spans, cell_len(shown), DEFAULT_LOOK)
    assert "\x1b" not in strip.text
    assert all(not segment.control for segment in strip)


@pytest.mark.slow
@settings(deadline=None)
@given(st.text(max_size=60), st.integers(0, 40))
def test_any_text_fits_the_cells_it_is_given(text: str, width: int) -> None:
    assert cell_len(cropped(text, width, DEFAULT_LOOK)) <= width
    made = Line(DEFAULT_LOOK).add_fitted(text, width).add_right(text, width)
    assert made.width == cell_len(made.text) == 2 * width


@settings(deadline=None)
@given(st.text(max_size=60))
def test_ascii_means_ascii(text: str) -> None:
    assert clean(text, ASCII_LOOK).isascii()


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.tuples(st.text(max_size=12), st.sampled_from(Ink))), st.integers(0, 30))
def test_a_line_knows_its_width_whatever_is_done_to_it(
    pieces: list[tuple[str, Ink]], width: int
) -> None:
    made = Line(DEFAULT_LOOK)
    for text, ink in pieces:
        made.add(text, ink)
    assert made.width == cell_len(made.text)
    made.crop_to(width)
    assert made.width == cell_len(made.text) <= width
    made.pad_to(width)
    assert made.width == cell_len(made.text) == width
    assert all(text for text, _ in made.spans)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /ok", "GET /ok"),
        ("tab\there", "tab here"),
        ("naïve café", "naïve café"),
        ("cafe\u0301", "café"),
        ("日本", "日本"),
        ("a\x1b[0mb", "a·[0mb"),
    ],
)
def test_honest_text_stays_as_it_is(text: str, shown: str) -> None:
    assert clean(text, DEFAULT_LOOK) == shown


def test_our_own_signs_have_something_like_them_in_ascii() -> None:
    assert clean("VU 10 → 12 – 3 µs ×2 …", ASCII_LOOK) == "VU 10 > 12 - 3 us x2 ~"


def test_a_wide_character_that_would_stick_out_is_left_away_whole() -> None:
    assert cropped("日本語", 4, DEFAULT_LOOK) == "日 …"
    assert cropped("日本語", 6, DEFAULT_LOOK) == "日本語"


def test_what_matters_least_goes_first_and_the_rest_moves_closer_before() -> None:
    parts = [(0, Line(DEFAULT_LOOK).add("state")), (2, Line(DEFAULT_LOOK).add("viewers"))]
    parts.append((1, Line(DEFAULT_LOOK).add("age")))
    texts = [joined(parts, width, DEFAULT_LOOK).text for width in (19, 18, 17, 16, 9, 8, 3)]
    assert texts == [
        "state  viewers  age",
        "state viewers age",
        "state viewers age",
        "state  age",
        "state age",
        "state",
        "st…",
    ]


def test_blanks_join_their_neighbour_but_never_a_filled_one() -> None:
    joined_blank = Line(DEFAULT_LOOK).add("a", Ink.BAD).add("  ").add("b", Ink.BAD)
    assert joined_blank.spans == (("a  b", Ink.BAD),)
    filled = Line(DEFAULT_LOOK).add("a", Ink.SELECTED).add("  ")
    assert filled.spans == (("a", Ink.SELECTED), ("  ", Ink.TEXT))


def test_cells_become_as_few_pieces_as_look_the_same() -> None:
    row = [("x", Ink.BAD), (" ", Ink.TEXT), ("y", Ink.BAD), ("z", Ink.GOOD)]
    assert cells(DEFAULT_LOOK, row).spans == (("x y", Ink.BAD), ("z", Ink.GOOD))
    assert cells(DEFAULT_LOOK, []).spans == ()


def test_of_a_changed_line_nothing_behind_the_last_change_is_drawn() -> None:
    old = (("age 1s", Ink.DIM), ("CTRL", Ink.ACTIVE), ("help", Ink.DIM))
    new = (("age 2s", Ink.DIM), ("CTRL", Ink.ACTIVE), ("help", Ink.DIM))
    assert changed_width(old, new) == 6
    assert changed_width(old, (("age 1s", Ink.BAD), *old[1:])) == 6
    assert changed_width((), new) == 14
    assert changed_width(old, (("age 10s", Ink.DIM), *old[1:])) == 15


def test_a_rule_keeps_its_title_and_fills_its_width() -> None:
    head = rule(DEFAULT_LOOK, 20, [title(DEFAULT_LOOK, "errors"), (1, _word("total 5"))])
    assert head.text == "─ errors  total 5 ──"
    assert rule(DEFAULT_LOOK, 14, [title(DEFAULT_LOOK, "pg"), (1, _word("a long one"))]).text == (
        "─ pg ─────────"
    )
    assert rule(DEFAULT_LOOK, 16, [title(DEFAULT_LOOK, "rps")], right="1m").text == (
        "─ rps ───── 1m ─"
    )


def _word(text: str) -> Line:
    return Line(DEFAULT_LOOK).add(text)


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (0, "──────────"),
        (0.001, "━─────────"),
        (0.5, "━━━━━─────"),
        (0.99, "━━━━━━━━━─"),
        (1, "━" * 10),
    ],
)
def test_a_bar_shows_what_is_above_nothing_and_what_is_missing_to_all(
    ratio: float, text: str
) -> None:
    assert bar(ratio, width=10, look=DEFAULT_LOOK).text == text


def test_a_spark_begins_at_zero_and_leaves_gaps_empty() -> None:
    assert spark([0, None, 50, 100], top=100, width=6, look=DEFAULT_LOOK) == "  ▁ ▄█"
    assert spark([99, 100], top=100, width=1, look=DEFAULT_LOOK) == "█"


def test_more_cores_than_cells_show_the_busiest_of_each_few() -> None:
    cores = [0.0] * 64
    cores[40] = 100.0
    shown = core_spark(cores, width=16, look=DEFAULT_LOOK)
    assert shown == "▁" * 10 + "█" + "▁" * 5


def test_a_stacked_bar_is_to_scale_and_names_its_parts() -> None:
    parts = [("CPU", 4.0, Ink.WAIT_CPU), ("Lock", 4.0, Ink.WAIT_LOCK), ("IO", 0.5, Ink.WAIT_IO)]
    made = stacked_bar(parts, top=10, width=20, look=DEFAULT_LOOK, mark_at=9.5)
    assert made.text == "CPU━━━━━Lock━━━━I──┃"
    assert made.spans[0] == ("CPU━━━━━", Ink.WAIT_CPU)


def test_a_name_in_a_bar_takes_no_more_cells_than_its_part() -> None:
    parts = [("\x1b[m日本", 5.0, Ink.WAIT_OTHER)]
    made = stacked_bar(parts, top=10, width=20, look=DEFAULT_LOOK)
    assert made.text == "·[m··━━━━━──────────"


def test_a_remark_is_cleaned_before_it_is_wrapped() -> None:
    assert wrapped("denied\x1b[2J for all of it", 12, DEFAULT_LOOK) == [
        "denied·[2J",
        "for all of",
        "it",
    ]
    assert wrapped("", 12, DEFAULT_LOOK) == []


@pytest.mark.parametrize("module", [line, bars, panel], ids=lambda module: module.__name__)
def test_the_examples_in_the_docstrings_are_true(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
