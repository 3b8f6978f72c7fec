"""What a terminal can do, and that no look asks more of it."""

import doctest

import pytest
from rich.color import ColorType

from vumeter.tui import terminal as terminal_module
from vumeter.tui.glyphs import GLYPHS, Glyphs, GlyphSet
from vumeter.tui.terminal import (
    DEFAULT_THEME,
    PALETTES,
    ColourDepth,
    Ink,
    Terminal,
    detect,
    look_for,
)


@pytest.mark.parametrize(
    ("environ", "encoding", "depth", "glyphs"),
    [
        ({"TERM": "xterm-256color"}, "utf-8", ColourDepth.FULL, GlyphSet.BRAILLE),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "UTF-8", ColourDepth.FULL, GlyphSet.BRAILLE),
        ({"TERM": "xterm"}, "utf-8", ColourDepth.ANSI, GlyphSet.BRAILLE),
        ({"TERM": "tmux-256color"}, "utf-8", ColourDepth.FULL, GlyphSet.BRAILLE),
        ({"TERM": "screen"}, "utf-8", ColourDepth.ANSI, GlyphSet.BRAILLE),
        ({"TERM": "alacritty"}, "utf-8", ColourDepth.FULL, GlyphSet.BRAILLE),
        ({"TERM": "linux"}, "utf-8", ColourDepth.ANSI, GlyphSet.BLOCK),
        ({"TERM": "linux"}, "iso-8859-1", ColourDepth.ANSI, GlyphSet.ASCII),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "utf-8", ColourDepth.NONE, GlyphSet.BRAILLE),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "utf-8", ColourDepth.FULL, GlyphSet.BRAILLE),
        ({"TERM": "xterm-256color"}, "ANSI_X3.4-1968", ColourDepth.FULL, GlyphSet.ASCII),
        ({"TERM": "dumb"}, "utf-8", ColourDepth.NONE, GlyphSet.ASCII),
        ({}, "utf-8", ColourDepth.NONE, GlyphSet.ASCII),
    ],
)
def test_the_environment_tells_what_the_terminal_can_do(
    environ: dict[str, str], encoding: str, depth: ColourDepth, glyphs: GlyphSet
) -> None:
    assert detect(environ, encoding=encoding) == Terminal(depth=depth, glyphs=glyphs)


def _texts(glyphs: Glyphs) -> dict[str, str]:
    return {name: getattr(glyphs, name) for name in Glyphs.__slots__ if name != "set"}


def test_the_ascii_glyphs_are_ascii() -> None:
    assert all(text.isascii() for text in _texts(GLYPHS[GlyphSet.ASCII]).values())


def test_the_block_glyphs_are_in_the_linux_console_font() -> None:
    for text in _texts(GLYPHS[GlyphSet.BLOCK]).values():
        # ▲ ▼ ► ← stand for control codes in that page, and Python's codec leaves them out.
        text.translate(str.maketrans("", "", "▲▼►←")).encode("cp437")


@pytest.mark.parametrize("glyphs", GLYPHS.values(), ids=GLYPHS)
def test_glyphs_that_stand_in_columns_are_one_cell_wide(glyphs: Glyphs) -> None:
    wide = {"good", "delta", "levels"}
    assert {len(text) for name, text in _texts(glyphs).items() if name not in wide} == {1}


@pytest.mark.parametrize("theme", PALETTES)
def test_every_theme_has_every_ink_and_textual_takes_it(theme: str) -> None:
    assert set(PALETTES[theme].inks) == set(Ink)
    assert PALETTES[theme].theme().name == theme


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("ink", Ink)
def test_every_ink_but_the_faintest_can_be_read_on_its_ground(theme: str, ink: Ink) -> None:
    look = look_for(Terminal(depth=ColourDepth.FULL, glyphs=GlyphSet.BRAILLE), theme=theme)
    style = look.styles[ink]
    assert style.color is not None
    assert style.bgcolor is not None
    contrast = _contrast(style.color.get_truecolor(), style.bgcolor.get_truecolor())
    # WCAG 2.1: 4.5 for text, 3 for graphics; rules and empty parts of bars are decoration.
    graphics = {Ink.BAND, Ink.BAR, Ink.REQUESTS, Ink.WAIT_CLIENT}
    decoration = {Ink.RULE, Ink.BAR_REST}
    assert contrast >= (1.2 if ink in decoration else 2.9 if ink in graphics else 4.4)


def _contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: tuple[int, int, int]) -> float:
    linear = [
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4
        for c in (v / 255 for v in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_without_colour_no_ink_has_one() -> None:
    look = look_for(Terminal(depth=ColourDepth.NONE, glyphs=GlyphSet.BRAILLE))
    assert all(style.color is None and style.bgcolor is None for style in look.styles.values())


def test_with_sixteen_colours_every_ink_is_one_of_them() -> None:
    look = look_for(Terminal(depth=ColourDepth.ANSI, glyphs=GlyphSet.BLOCK))
    kinds = {style.color.type for style in look.styles.values() if style.color is not None}
    assert kinds <= {ColorType.STANDARD, ColorType.DEFAULT}
    assert all(style.bgcolor is None for style in look.styles.values())


def test_what_asks_for_attention_is_marked_without_colour_too() -> None:
    look = look_for(Terminal(depth=ColourDepth.NONE, glyphs=GlyphSet.BRAILLE))
    for ink in (Ink.WARN, Ink.BAD, Ink.ALARM, Ink.SELECTED, Ink.ACTIVE):
        assert look.styles[ink].bold or look.styles[ink].reverse


def test_an_unknown_theme_is_an_error_of_the_caller() -> None:
    with pytest.raises(KeyError):
        look_for(Terminal(depth=ColourDepth.FULL, glyphs=GlyphSet.BRAILLE), theme="mauve")
    assert DEFAULT_THEME in PALETTES


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert doctest.testmod(terminal_module).failed == 0
