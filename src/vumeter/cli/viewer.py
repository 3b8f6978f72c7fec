"""What a viewer is called: in the journal, and by those who wonder who holds the control."""

import getpass
import os
import sys


def viewer_name() -> str:
    """Return who sits here, and at which terminal: "alice@pts/3"; "alice@script" at none."""
    try:
        terminal = os.ttyname(sys.stdin.fileno()).removeprefix("/dev/")
    except (OSError, ValueError):
        terminal = "script"
    return f"{user_name()}@{terminal}"


def user_name() -> str:
    """Return whose process this is."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid-{os.getuid()}"
