"""docs/runs.md says what there is: its commands, their flags, and what a lost viewer may mean."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from vumeter.cli.app import app_for
from vumeter.model.plan import ViewerLost

PAGE = (Path(__file__).parents[2] / "docs" / "runs.md").read_text()
LINES = re.findall(r"^    (vumeter .*?)(?: +#.*)?$", PAGE, re.MULTILINE)


def flags_of(command: str) -> set[str]:
    [found] = [
        each for each in typer.main.get_command(app_for([])).commands.items() if each[0] == command
    ]
    return {flag for parameter in found[1].params for flag in parameter.opts}


@pytest.mark.parametrize("line", LINES)
def test_its_commands_have_the_flags_that_it_shows(line: str) -> None:
    _, command, *words = shlex.split(line)
    flags = {word for word in words if word.startswith("-")}
    assert flags <= flags_of(command)


def test_it_names_flags_that_there_are() -> None:
    known = set().union(
        *(flags_of(name) for name in ("run", "attach", "ps", "ctl", "stop", "logs"))
    )
    named = set(re.findall(r"`(?:vumeter \w+ )?(--[a-z-]+)[ `]", PAGE))
    assert {"--json", "--program", "--dead-man", "--on-viewer-lost", "--take"} <= named <= known


def test_it_has_each_thing_that_a_run_can_do_without_a_viewer() -> None:
    assert re.findall(r"^\| `([a-z]+)` \|", PAGE, re.MULTILINE) == [
        each.value for each in ViewerLost
    ]
