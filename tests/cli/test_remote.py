"""`vumeter attach user@host:RUN`, with a program named ssh that stays on this machine."""

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vumeter.cli.remote import Remote, remote_of
from vumeter.errors import UsageError
from vumeter.testing.server_process import ServerProcess

PROGRAM = Path(sys.executable).parent / "vumeter"


@pytest.mark.parametrize(
    ("text", "remote"),
    [
        pytest.param("ann@jump:night", Remote("ann@jump", "night"), id="user"),
        pytest.param("jump.example:night-2", Remote("jump.example", "night-2"), id="no user"),
        pytest.param("ann@jump:", Remote("ann@jump", ""), id="the newest"),
        pytest.param("ann@[::1]:night", Remote("ann@::1", "night"), id="IPv6"),
        pytest.param("night", None, id="here"),
    ],
)
def test_what_has_a_colon_is_elsewhere(text: str, remote: Remote | None) -> None:
    assert remote_of(text) == remote


@pytest.mark.parametrize(
    "text",
    ["-oProxyCommand=x:night", "jump:a b", "jump:night;reboot", "ann@jump:a/b", "http://x/", ":x"],
)
def test_what_no_run_can_be_called_reaches_no_shell_and_no_option_of_ssh(text: str) -> None:
    with pytest.raises(UsageError, match="is no run"):
        remote_of(text)


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Put a program named ssh before all others; return where it leaves its arguments."""

    def make(acts: str) -> Path:
        folder, said = tmp_path / "bin", tmp_path / "arguments"
        folder.mkdir()
        program = folder / "ssh"
        program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {said}\n{acts}\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        return said

    return make


@pytest.mark.slow
def test_the_cockpit_of_the_other_end_is_opened_on_this_terminal(
    runs: Path,
    vumeter: Any,
    server: ServerProcess,
    ssh: Callable[[str], Path],
    at_a_terminal: Any,
    eventually: Any,
) -> None:
    vumeter("run", server.url, "--detach", "--name", "night")
    # As sshd does it: the user's shell is given the one line.
    said = ssh('exec sh -c "$4"')
    place = "ann@jump:night"
    with at_a_terminal("attach", place, "--watch", "--program", str(PROGRAM)) as screen:
        eventually(lambda: "night" in screen.read())
        screen.type("d")
        eventually(screen.has_ended)
        assert screen.exit_code == 0
    assert said.read_text().splitlines() == [
        "-t",
        "--",
        "ann@jump",
        f"{PROGRAM} attach --watch night",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("acts", "words"),
    [
        pytest.param('exec sh -c "$4"', 'There is no "nowhere/vu meter" on jump.', id="no vumeter"),
        pytest.param("exit 255", "ssh to jump failed", id="no connection"),
    ],
)
def test_what_went_wrong_at_the_other_end_is_told(
    runs: Path,
    ssh: Callable[[str], Path],
    at_a_terminal: Any,
    eventually: Any,
    acts: str,
    words: str,
) -> None:
    ssh(acts)
    with at_a_terminal("attach", "jump:", "--program", "nowhere/vu meter") as screen:
        eventually(screen.has_ended)
        assert words in screen.read()


@pytest.mark.slow
def test_without_ssh_it_is_said_how_to_do_without(
    runs: Path, monkeypatch: pytest.MonkeyPatch, at_a_terminal: Any, eventually: Any, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with at_a_terminal("attach", "jump:night") as screen:
        eventually(screen.has_ended)
        assert "There is no ssh here" in screen.read()
        assert screen.exit_code == 2
