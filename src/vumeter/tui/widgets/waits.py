"""Wait classes of PostgreSQL: their order, their inks, and a letter for each."""

from collections.abc import Mapping

from vumeter.tui.terminal import Ink

WAIT_INKS = {
    "CPU": Ink.WAIT_CPU,
    "IO": Ink.WAIT_IO,
    "Lock": Ink.WAIT_LOCK,
    "LWLock": Ink.WAIT_LWLOCK,
    "Client": Ink.WAIT_CLIENT,
}
"""In the order in which they are drawn; others come behind, in alphabetical order."""

_LETTERS = {"LWLock": "W", "CPU": "#"}
"""Where colours are none: what is not simply the first letter."""


def ordered_waits(waits: Mapping[str, float]) -> list[tuple[str, float, Ink]]:
    """Return each class with its sessions and its ink, in the order in which they are drawn."""
    names = [name for name in WAIT_INKS if name in waits] + sorted(set(waits) - set(WAIT_INKS))
    return [(name, waits[name], wait_ink(name)) for name in names]


def wait_ink(name: str) -> Ink:
    """Return the ink of a class, or of one of its events."""
    return WAIT_INKS.get(name.partition(":")[0], Ink.WAIT_OTHER)


def wait_letter(name: str) -> str:
    """Return what stands for a class where there are no colours."""
    return _LETTERS.get(name, name[:1] or "?")
