"""What the cockpit remembers between runs: how it looks. Never a target: those are a decision."""

import contextlib
import os
from pathlib import Path

import msgspec
from msgspec import Struct
from platformdirs import user_state_path

from vumeter.tui.arrangement import View
from vumeter.tui.history import Window

RATES_HZ = (0.5, 1.0, 2.0, 4.0)
"""How often the screen may be drawn."""


WINDOWS = {window.label: window for window in Window}


class Preferences(Struct, frozen=True, kw_only=True):
    """The choices that survive a run. A file that cannot be read is one with the defaults."""

    view: View = View.LOAD
    window: str = Window.ONE_MINUTE.label
    """How far back the charts look: a window's label."""
    sort: str = ""
    """The endpoint table's column; empty: its own default."""
    theme: str = ""
    """Empty: the cockpit's own."""
    rate_hz: float | None = None
    """`None`: 2 Hz, and 1 Hz over SSH."""
    is_local: bool = False
    """Whether the time axis shows local time; else run time."""
    series: str = ""
    """What stands under the latency chart; empty: nothing."""
    is_muted: bool = False
    """Whether the bell keeps quiet."""

    @property
    def look_back(self) -> Window:
        """The window that the charts begin with."""
        return WINDOWS[self.window]


def default_path() -> Path:
    """Return where the preferences of this user are kept."""
    return user_state_path("vumeter") / "cockpit.json"


def load(path: Path) -> Preferences:
    """Return what *path* holds, or the defaults where it is missing, damaged or out of range."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Preferences)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return Preferences()
    if found.window not in WINDOWS:
        found = msgspec.structs.replace(found, window=Window.ONE_MINUTE.label)
    if found.rate_hz is not None and found.rate_hz not in RATES_HZ:
        found = msgspec.structs.replace(found, rate_hz=None)
    return found


def save(preferences: Preferences, path: Path) -> None:
    """Write *preferences* whole or not at all. A full disk or a read-only home costs nothing."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(msgspec.json.encode(preferences))
        part.replace(path)


def drawing_rate_hz(preferences: Preferences, environment: dict[str, str]) -> float:
    """Return how often to draw: as chosen, else 2 Hz, and 1 Hz where each byte crosses SSH."""
    if preferences.rate_hz is not None:
        return preferences.rate_hz
    return 1.0 if environment.get("SSH_CONNECTION") else 2.0
