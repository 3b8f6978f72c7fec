"""
The user's own keys: `keys.toml` in vumeter's configuration folder.

    [keys]
    "throttle.up" = "k"
    "load.pause" = "P"

The names on the left are those that the palette (ctrl+p) shows with each command, the keys on
the right Textual's: a character or a word such as `f2` or `ctrl+t`, several with commas between.
"""

import tomllib
from pathlib import Path

from platformdirs import user_config_path

from vumeter.errors import VumeterError
from vumeter.tui.keys import KEYS, PLAYER_KEYS


class KeymapError(VumeterError):
    """A `keys.toml` that cannot be meant. The cockpit says so and keeps its own keys."""


def default_path() -> Path:
    """Return where this user's keys are written."""
    return user_config_path("vumeter") / "keys.toml"


def load(path: Path) -> dict[str, str]:
    """
    Return the keys in *path* by the id of what they do; none where there is no such file.

    Raises:
        KeymapError: The file is not TOML, or names something that no key does.
    """
    try:
        keys = tomllib.loads(path.read_text(encoding="utf-8")).get("keys", {})
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise KeymapError(f"{path}: {error}") from error
    known = {key.id for key in (*KEYS, *PLAYER_KEYS)}
    for name, key in keys.items():
        if name not in known:
            raise KeymapError(f'{path}: "{name}" is no key\'s name.', hint=_closest(name, known))
        if not isinstance(key, str) or not key:
            raise KeymapError(f'{path}: {name}: {key!r} is not a key; write for example "k".')
    return dict(keys)


def _closest(name: str, known: set[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a mistake

    near = get_close_matches(name, known, n=1)
    return f'Did you mean "{near[0]}"?' if near else "ctrl+p in the cockpit shows them."
