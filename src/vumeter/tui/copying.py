"""What the screen shows, as plain text for tickets and chats."""

from pathlib import Path

from platformdirs import user_state_path

from vumeter.tui.board import Board


def copied_path() -> Path:
    """Return the file that a copy is also written to, for terminals without OSC 52."""
    return user_state_path("vumeter") / "copied.txt"


def screen_text(board: Board) -> str:
    """Return the panels that are seen, as they are seen, one line a row."""
    size = board.size
    rows = [[" "] * size.width for _ in range(size.height)]
    places = board.places(size)
    for panel in board.panels:
        place = places.get(panel.id or "")
        if place is None:
            continue
        for y in range(place.height):
            text = panel.render_line(y).text[: place.width]
            rows[place.y + y][place.x : place.x + len(text)] = text
    return "\n".join("".join(row).rstrip() for row in rows) + "\n"
