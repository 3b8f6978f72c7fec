"""From a file of Python to the scenarios in it."""

import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from vumeter.errors import ProfileError
from vumeter.model.frame import Phase
from vumeter.script.metrics import MOST_METRICS, Metric
from vumeter.script.once import Once
from vumeter.script.scenario import Scenario


class Script(NamedTuple):
    """A script that was imported."""

    target: str | None
    """Its constant TARGET."""
    scenarios: tuple[Scenario, ...]
    """In the order in which they are written."""
    setup: Once | None = None
    teardown: Once | None = None
    metrics: tuple[Metric, ...] = ()
    """In the order in which they are written."""


def load(path: Path) -> Script:
    """
    Import the script at *path*.

    Raises:
        ProfileError: It cannot be read or imported, or there is no scenario in it.
    """
    module = _imported(path.resolve(), shown=path)
    found = tuple(
        dict.fromkeys(each for each in vars(module).values() if isinstance(each, Scenario))
    )
    if not found:
        raise ProfileError(
            f"{path}: there is no scenario in it.",
            hint='Write "@scenario()" above an "async def browse(vu: Vu) -> None".',
        )
    names = [each.name for each in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ProfileError(f'{path}: there are two scenarios called "{twice[0]}".')
    target = getattr(module, "TARGET", None)
    if target is not None and not isinstance(target, str):
        raise ProfileError(f"{path}: TARGET is {target!r}, and not a URL.")
    return Script(
        target,
        found,
        setup=_once(module, Phase.SETUP, path),
        teardown=_once(module, Phase.TEARDOWN, path),
        metrics=_metrics(module, path),
    )


def _once(module: ModuleType, phase: Phase, path: Path) -> Once | None:
    found = dict.fromkeys(
        each for each in vars(module).values() if isinstance(each, Once) and each.phase is phase
    )
    if len(found) > 1:
        names = " and ".join(f"{each.name}()" for each in list(found)[:2])
        raise ProfileError(
            f"{path}: {names} are both {phase.value}, and a run has one.",
            hint="Let one of them call the other.",
        )
    return next(iter(found), None)


def _metrics(module: ModuleType, path: Path) -> tuple[Metric, ...]:
    found = dict.fromkeys(each for each in vars(module).values() if isinstance(each, Metric))
    names = [each.name for each in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ProfileError(f'{path}: there are two metrics called "{twice[0]}".')
    if len(names) > MOST_METRICS:
        raise ProfileError(
            f"{path}: there are {len(names)} metrics, and {MOST_METRICS} is the most.",
            hint="What differs from request to request belongs into names of requests.",
        )
    return tuple(found)


def place(error: BaseException, path: str) -> str:
    """Return where in the file at *path* an exception came from, as "file:line"."""
    if isinstance(error, SyntaxError) and error.filename == path:
        return f"{path}:{error.lineno}"
    lines = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == path
    ]
    return f"{path}:{lines[-1]}" if lines else path


def words(error: BaseException) -> str:
    """Return what an exception says, on one line."""
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    text = " ".join(said.split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _imported(path: Path, *, shown: Path) -> ModuleType:
    # A name that no module has: "select.py" must not stand in for the real one.
    name = f"vumeter_script_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ProfileError(f"{shown}: there is no such script.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    # What lies beside the script can be imported; it comes last, and so hides nothing.
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        where = place(error, str(path)).replace(str(path), str(shown), 1)
        raise ProfileError(f"{where}: {words(error)}") from error
    return module
