"""
Draw every screenshot from the recorded runs: `python screenshots/make.py`.

No terminal and no load is needed; the same recordings give the same pictures.
"""

import argparse
import asyncio
import os
import time
from pathlib import Path
from typing import NamedTuple

from rich.segment import Segment

from drawing import svg
from record import SEARCH, SHOP, VIEWER
from vumeter.testing.clock import ManualClock
from vumeter.testing.feed import PlayedFeed, Recording, load
from vumeter.tui.app import Cockpit
from vumeter.tui.feed import Feed
from vumeter.tui.terminal import DEFAULT_THEME, PALETTES

FOLDER = Path(__file__).parent
ASKING = ("why", "spike", "flame", "flames", "waits")
"""What the cockpit asks the run for, and shows once it was answered."""
TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


class Picture(NamedTuple):
    """One screenshot: the screen at a second of the run, after some keys."""

    name: str
    columns: int
    rows: int
    second: int
    title: str
    keys: str = ""
    theme: str = DEFAULT_THEME
    path: Path = SHOP


PICTURES = (
    Picture("cockpit-80x24", 80, 24, 118, "the cockpit at 80 × 24"),
    Picture("cockpit-120x40", 120, 40, 118, "the cockpit at 120 × 40"),
    Picture("cockpit-light", 120, 40, 118, "in its light theme", theme="vumeter-light"),
    Picture("recovery", 120, 40, 136, "after the locks were fixed"),
    Picture(
        "ramp",
        80,
        24,
        31,
        "a ramp, typed and previewed",
        keys=": v u space 9 0 space o v e r space 2 0 s",
    ),
    Picture("past", 120, 40, 145, "the past, with a cursor in it", keys="left { {"),
    Picture("help", 80, 24, 118, "every key", keys="question_mark"),
    Picture("latency", 120, 40, 118, "latency", keys="2"),
    Picture(
        "endpoints", 120, 40, 84, "endpoints, and the slowest of one", keys="3 j j j", path=SEARCH
    ),
    Picture("host", 120, 40, 84, "the host in depth", keys="4", path=SEARCH),
    Picture("database", 120, 40, 118, "the database: who blocks whom, now", keys="5"),
    Picture("database-sessions", 120, 40, 118, "the database: sessions", keys="5 5"),
    Picture("database-statements", 120, 40, 118, "the database: statements", keys="5 5 5"),
    Picture("database-tables", 120, 40, 118, "the database: tables and indexes", keys="5 5 5 5"),
    Picture("log", 120, 40, 145, "the event log", keys="6"),
    Picture("why", 120, 40, 118, "what changed together with p95", keys="c"),
    Picture("snapshot", 120, 40, 118, "a moment that was kept whole", keys="x v enter 5"),
    Picture("night", 120, 40, 145, "the night on a page", keys="n"),
    Picture("finder", 120, 40, 84, "how much it can take", path=SEARCH),
    Picture("profiler", 120, 40, 40, "what the target executes", keys="P", path=SEARCH),
)


async def drawn(recording: Recording, picture: Picture) -> str:
    """Return one picture as SVG."""
    at = recording.index_of(picture.second)
    feed = PlayedFeed(recording, start=at, viewer=VIEWER)

    async def dial() -> Feed:
        return feed

    app = Cockpit(dial, viewer=VIEWER, environ=TERMINAL, clock=ManualClock())
    async with app.run_test(size=(picture.columns, picture.rows)) as pilot:
        while app.board.frame is None:
            await pilot.pause()
        app.choose_theme(picture.theme)
        # What a viewer who has been there from the start has gathered.
        for frame in recording.frames[:at]:
            app.board.show(frame)
        app.board.show(feed.hello.frame)
        for key in picture.keys.split():
            await pilot.press(key)
            while any(it.group in ASKING and not it.is_finished for it in app.workers):
                await pilot.pause()
        await pilot.pause()
        palette = PALETTES[picture.theme]
        return svg(
            cells(app, picture.rows),
            columns=picture.columns,
            ground=palette.background,
            foreground=palette.foreground,
            title=f"vumeter: {picture.title}",
        )


def cells(app: Cockpit, rows: int) -> list[list[Segment]]:
    """Return what the panels show, row by row from the left."""
    board = app.board
    places = board.places(board.size)
    found: list[list[tuple[int, list[Segment]]]] = [[] for _ in range(rows)]
    for panel in board.panels:
        place = places.get(panel.id or "")
        for y in range(place.height if place else 0):
            assert place is not None, "has rows"
            found[place.y + y].append((place.x, list(panel.render_line(y))))
    return [
        [segment for _, part in sorted(row, key=lambda each: each[0]) for segment in part]
        for row in found
    ]


def main() -> None:
    """Draw all pictures, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="cockpit-80x24, ramp, …")
    wanted = parser.parse_args().names
    os.environ["TZ"] = "UTC"
    time.tzset()
    recordings = {path: load(path) for path in {picture.path for picture in PICTURES}}
    for picture in PICTURES:
        if not wanted or picture.name in wanted:
            text = asyncio.run(drawn(recordings[picture.path], picture))
            (FOLDER / f"{picture.name}.svg").write_text(text, encoding="utf-8")
            print(f"{picture.name}.svg  {len(text) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
