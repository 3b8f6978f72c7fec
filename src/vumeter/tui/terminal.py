"""
What the terminal can do, and how the cockpit looks on it: glyphs, inks and themes.

`detect` reads the environment it is given, `look_for` turns that and a theme's name into a
`Look`, which every widget draws with. Colour never stands alone: whatever an ink says, a
glyph or a word says too, so `NO_COLOR` loses nothing but ease.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from rich.style import Style
from textual.theme import Theme

from vumeter.tui.glyphs import GLYPHS, Glyphs, GlyphSet


class ColourDepth(StrEnum):
    """How many colours the terminal shows."""

    NONE = "none"
    ANSI = "ansi"
    """The sixteen that the user's own scheme defines."""
    FULL = "full"
    """256 or more: a theme's own colours, brought down to the nearest where needed."""


class Ink(StrEnum):
    """What a piece of text means; a theme says how that looks."""

    TEXT = "text"
    STRONG = "strong"
    DIM = "dim"
    RULE = "rule"
    TITLE = "title"
    VALUE = "value"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    ALARM = "alarm"
    ACTIVE = "active"
    SELECTED = "selected"
    CURSOR = "cursor"
    """On what the cursor in time stands."""
    KEY = "key"
    BAR = "bar"
    BAR_REST = "bar-rest"
    BAND = "band"
    P99 = "p99"
    REQUESTS = "requests"
    ERRORS = "errors"
    TARGET = "target"
    ACTION = "action"
    MARK = "mark"
    LIMITED = "limited"
    WAIT_CPU = "wait-cpu"
    WAIT_IO = "wait-io"
    WAIT_LOCK = "wait-lock"
    WAIT_LWLOCK = "wait-lwlock"
    WAIT_CLIENT = "wait-client"
    WAIT_OTHER = "wait-other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """A theme: its ground, and the style of each ink in Rich's own words."""

    name: str
    dark: bool
    background: str
    surface: str
    foreground: str
    primary: str
    inks: Mapping[Ink, str]

    def theme(self) -> Theme:
        """Return the same as a Textual theme, for what is not drawn by our widgets."""
        bad = self.inks[Ink.BAD].split()[-1]
        warn = self.inks[Ink.WARN].split()[-1]
        return Theme(
            name=self.name,
            primary=self.primary,
            foreground=self.foreground,
            background=self.background,
            surface=self.surface,
            panel=self.surface,
            warning=warn,
            error=bad,
            success=self.inks[Ink.GOOD].split()[-1],
            accent=self.primary,
            dark=self.dark,
        )


_DARK = Palette(
    name="vumeter-dark",
    dark=True,
    background="#101418",
    surface="#1a2026",
    foreground="#c8d0d8",
    primary="#5fb3d9",
    inks={
        Ink.TEXT: "#c8d0d8",
        Ink.STRONG: "bold #f2f5f7",
        Ink.DIM: "#7d8994",
        Ink.RULE: "#3a454f",
        Ink.TITLE: "#8fa3b3",
        Ink.VALUE: "#f2f5f7",
        Ink.GOOD: "#7fbf7f",
        Ink.WARN: "bold #e5b454",
        Ink.BAD: "bold #f07178",
        Ink.ALARM: "bold reverse #f07178",
        Ink.ACTIVE: "bold #5fb3d9",
        Ink.SELECTED: "bold #f2f5f7 on #2a3742",
        Ink.CURSOR: "bold #101418 on #5fb3d9",
        Ink.KEY: "bold #5fb3d9",
        Ink.BAR: "#5fb3d9",
        Ink.BAR_REST: "#2c363f",
        Ink.BAND: "#58a0c4",
        Ink.P99: "#e5b454",
        Ink.REQUESTS: "#3d7693",
        Ink.ERRORS: "#f07178",
        Ink.TARGET: "#8fa3b3",
        Ink.ACTION: "bold #c39ac9",
        Ink.MARK: "bold #7fd1c7",
        Ink.LIMITED: "bold #e5b454",
        Ink.WAIT_CPU: "#7fbf7f",
        Ink.WAIT_IO: "#5fb3d9",
        Ink.WAIT_LOCK: "#f07178",
        Ink.WAIT_LWLOCK: "#e08fbf",
        Ink.WAIT_CLIENT: "#8fa3b3",
        Ink.WAIT_OTHER: "#e5b454",
    },
)

_LIGHT = Palette(
    name="vumeter-light",
    dark=False,
    background="#fbfaf7",
    surface="#efece5",
    foreground="#33393f",
    primary="#1f6f9c",
    inks={
        Ink.TEXT: "#33393f",
        Ink.STRONG: "bold #101418",
        Ink.DIM: "#6b747c",
        Ink.RULE: "#c5c2ba",
        Ink.TITLE: "#55606a",
        Ink.VALUE: "#101418",
        Ink.GOOD: "#2e7d32",
        Ink.WARN: "bold #9a5b00",
        Ink.BAD: "bold #b3202c",
        Ink.ALARM: "bold reverse #b3202c",
        Ink.ACTIVE: "bold #1f6f9c",
        Ink.SELECTED: "bold #101418 on #dcd8cd",
        Ink.CURSOR: "bold #fbfaf7 on #1f6f9c",
        Ink.KEY: "bold #1f6f9c",
        Ink.BAR: "#1f6f9c",
        Ink.BAR_REST: "#d8d4ca",
        Ink.BAND: "#5a9abf",
        Ink.P99: "#9a5b00",
        Ink.REQUESTS: "#5a9abf",
        Ink.ERRORS: "#b3202c",
        Ink.TARGET: "#55606a",
        Ink.ACTION: "bold #7a3f8a",
        Ink.MARK: "bold #00756b",
        Ink.LIMITED: "bold #9a5b00",
        Ink.WAIT_CPU: "#2e7d32",
        Ink.WAIT_IO: "#1f6f9c",
        Ink.WAIT_LOCK: "#b3202c",
        Ink.WAIT_LWLOCK: "#a0327a",
        Ink.WAIT_CLIENT: "#55606a",
        Ink.WAIT_OTHER: "#9a5b00",
    },
)

# Okabe and Ito's colours, which remain apart with each kind of colour blindness.
_COLOUR_BLIND = Palette(
    name="vumeter-colour-blind",
    dark=True,
    background="#101418",
    surface="#1a2026",
    foreground="#d0d6dc",
    primary="#56b4e9",
    inks={
        **_DARK.inks,
        Ink.GOOD: "#56b4e9",
        Ink.WARN: "bold #f0e442",
        Ink.BAD: "bold #e69f00",
        Ink.ALARM: "bold reverse #e69f00",
        Ink.ACTIVE: "bold #56b4e9",
        Ink.KEY: "bold #56b4e9",
        Ink.BAR: "#56b4e9",
        Ink.BAND: "#0072b2",
        Ink.P99: "#f0e442",
        Ink.REQUESTS: "#0072b2",
        Ink.ERRORS: "#e69f00",
        Ink.ACTION: "bold #cc79a7",
        Ink.MARK: "bold #009e73",
        Ink.LIMITED: "bold #f0e442",
        Ink.WAIT_CPU: "#009e73",
        Ink.WAIT_IO: "#56b4e9",
        Ink.WAIT_LOCK: "#e69f00",
        Ink.WAIT_LWLOCK: "#cc79a7",
        Ink.WAIT_OTHER: "#f0e442",
    },
)

PALETTES: Mapping[str, Palette] = {
    palette.name: palette for palette in (_DARK, _LIGHT, _COLOUR_BLIND)
}
DEFAULT_THEME = _DARK.name

_ANSI_INKS: Mapping[Ink, str] = {
    Ink.TEXT: "default",
    Ink.STRONG: "bold",
    Ink.DIM: "default",
    Ink.RULE: "bright_black",
    Ink.TITLE: "default",
    Ink.VALUE: "bold",
    Ink.GOOD: "green",
    Ink.WARN: "bold yellow",
    Ink.BAD: "bold red",
    Ink.ALARM: "bold reverse red",
    Ink.ACTIVE: "bold cyan",
    Ink.SELECTED: "reverse",
    Ink.CURSOR: "reverse cyan",
    Ink.KEY: "bold cyan",
    Ink.BAR: "cyan",
    Ink.BAR_REST: "bright_black",
    Ink.BAND: "blue",
    Ink.P99: "yellow",
    Ink.REQUESTS: "blue",
    Ink.ERRORS: "red",
    Ink.TARGET: "default",
    Ink.ACTION: "bold magenta",
    Ink.MARK: "bold green",
    Ink.LIMITED: "bold yellow",
    Ink.WAIT_CPU: "green",
    Ink.WAIT_IO: "blue",
    Ink.WAIT_LOCK: "red",
    Ink.WAIT_LWLOCK: "magenta",
    Ink.WAIT_CLIENT: "default",
    Ink.WAIT_OTHER: "yellow",
}

_EMPHASIS: Mapping[Ink, str] = {
    Ink.STRONG: "bold",
    Ink.VALUE: "bold",
    Ink.WARN: "bold",
    Ink.BAD: "bold",
    Ink.ALARM: "bold reverse",
    Ink.ACTIVE: "bold",
    Ink.SELECTED: "reverse",
    Ink.CURSOR: "reverse",
    Ink.KEY: "bold",
    Ink.P99: "bold",
    Ink.ACTION: "bold",
    Ink.MARK: "bold",
    Ink.LIMITED: "bold",
}
"""What is left of the inks without colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """What one terminal can show."""

    depth: ColourDepth
    glyphs: GlyphSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What every widget draws with: characters and styles."""

    theme: str
    depth: ColourDepth
    glyphs: Glyphs
    styles: Mapping[Ink, Style]

    @property
    def is_ascii(self) -> bool:
        """Whether nothing but ASCII may reach the terminal."""
        return self.glyphs.set is GlyphSet.ASCII


def detect(environ: Mapping[str, str], *, encoding: str) -> Terminal:
    """
    Return what the terminal described by *environ* can show, when *encoding* is written to it.

    >>> detect({"TERM": "linux"}, encoding="utf-8")
    Terminal(depth=<ColourDepth.ANSI: 'ansi'>, glyphs=<GlyphSet.BLOCK: 'block'>)
    """
    return Terminal(depth=_depth(environ), glyphs=_glyph_set(environ, encoding))


def _depth(environ: Mapping[str, str]) -> ColourDepth:
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR") or term in ("", "dumb"):
        return ColourDepth.NONE
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return ColourDepth.FULL
    is_rich = "256color" in term or term.partition("-")[0] in (
        "kitty",
        "alacritty",
        "foot",
        "wezterm",
    )
    return ColourDepth.FULL if is_rich else ColourDepth.ANSI


def _glyph_set(environ: Mapping[str, str], encoding: str) -> GlyphSet:
    term = environ.get("TERM", "")
    if encoding.lower().replace("-", "") not in ("utf8", "utf8sig") or term in ("", "dumb"):
        return GlyphSet.ASCII
    return GlyphSet.BLOCK if term == "linux" else GlyphSet.BRAILLE


def look_for(terminal: Terminal, *, theme: str = DEFAULT_THEME) -> Look:
    """
    Return how the cockpit looks on *terminal* in the theme of that name.

    Raises:
        KeyError: There is no such theme in `PALETTES`.
    """
    palette = PALETTES[theme]
    ground = Style()
    if terminal.depth is ColourDepth.FULL:
        inks, ground = palette.inks, Style(color=palette.foreground, bgcolor=palette.background)
    else:
        inks = _ANSI_INKS if terminal.depth is ColourDepth.ANSI else _EMPHASIS
    return Look(
        theme=theme,
        depth=terminal.depth,
        glyphs=GLYPHS[terminal.glyphs],
        styles={ink: ground + Style.parse(inks.get(ink, "")) for ink in Ink},
    )


DEFAULT_LOOK = look_for(Terminal(depth=ColourDepth.FULL, glyphs=GlyphSet.BRAILLE))
