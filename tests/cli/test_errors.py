"""A user's mistakes: one clear message on stderr, the right exit code, and no traceback."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vumeter import __version__
from vumeter.errors import EXIT_CODE_MEANINGS
from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

URL = "http://127.0.0.1:9/"
Vumeter = Callable[..., Any]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["run", "127.0.0.1:9"], "Did you mean http://127.0.0.1:9", id="no-scheme"),
        pytest.param(["run", URL, "--fast"], "No such option: --fast", id="unknown-flag"),
        pytest.param(["run"], "URL", id="no-url"),
        pytest.param(["fly"], "No such command", id="unknown-command"),
        pytest.param(["run", URL, "-z", "10x"], '"10x" is not a duration', id="duration"),
        pytest.param(["run", URL, "-n", "0"], "--iterations 0: at least 1", id="iterations"),
        pytest.param(["run", URL, "-o", "/no/such/r.json"], "no folder /no/such", id="report"),
        pytest.param(["run", URL, "-o", "/"], "is a folder", id="report-folder"),
        pytest.param(["run", "http://8.8.8.8/"], "--allow-host 8.8.8.8", id="stranger"),
        pytest.param(["run", "http://no-such.invalid/"], "cannot be resolved", id="dns"),
        pytest.param(["run", URL, "--headless", "--detach"], "--detach", id="both"),
        pytest.param(["run", URL, "--pg", "nonsense"], "nonsense", id="dsn"),
        pytest.param(["attach"], "No run is going on", id="attach"),
        pytest.param(["attach", "night"], 'No run "night"', id="attach-name"),
        pytest.param(["ctl", "night", "stop"], 'No run "night"', id="ctl"),
        pytest.param(["ctl", "night", "explode"], '"explode" is not a command', id="ctl-word"),
    ],
)
def test_a_mistake_is_one_clear_message(vumeter: Vumeter, arguments: list[str], words: str) -> None:
    ended = vumeter(*arguments)
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""
    assert ended.returncode == 2
    assert len(ended.stderr.strip().splitlines()) <= 4


@pytest.mark.parametrize("way", ["--headless", "--detach"])
def test_a_database_that_cannot_be_reached_is_said_before_anything_is_sent(
    vumeter: Vumeter, server: ServerProcess, way: str
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        ended = vumeter(
            "run", server.url, "--pg", f"postgresql://u:hunter2@127.0.0.1:{port}/x", way
        )
    assert ended.returncode == 2
    assert str(port) in ended.stderr
    assert "hunter2" not in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr
    assert server.truth()["requests"] == 0


def test_with_pg_wait_it_starts_although_the_database_is_away(
    vumeter: Vumeter, server: ServerProcess
) -> None:
    dsn = "postgresql://u@127.0.0.1:9/x"
    ended = vumeter("run", server.url, "-n", "10", "--pg-wait", env_of={"VUMETER_PG": dsn})
    assert ended.returncode == 0, ended.stderr
    assert server.truth()["requests"] == 10


def test_a_name_that_is_taken_is_refused_and_one_that_was_not_chosen_is_numbered(
    vumeter: Vumeter, server: ServerProcess
) -> None:
    assert vumeter("run", server.url, "--detach", "--name", "night").returncode == 0
    again = vumeter("run", server.url, "--detach", "--name", "night")
    assert again.returncode == 2
    assert 'A run "night" is going on already' in again.stderr
    first, second = (vumeter("run", server.url, "--detach").stdout for _ in range(2))
    assert f"127.0.0.1-{server.port} " in first
    assert f"127.0.0.1-{server.port}-2 " in second


def test_attach_without_a_terminal_says_what_to_use_instead(
    vumeter: Vumeter, server: ServerProcess
) -> None:
    vumeter("run", server.url, "--detach", "--name", "night")
    ended = vumeter("attach")
    assert ended.returncode == 2
    assert "vumeter ctl night" in ended.stderr


def test_the_version_and_the_exit_codes_are_told(vumeter: Vumeter) -> None:
    assert vumeter("--version").stdout == f"vumeter {__version__}\n"
    for arguments in (["--help"], ["run", "--help"]):
        shown = " ".join(vumeter(*arguments).stdout.split())
        for code, meaning in EXIT_CODE_MEANINGS.items():
            assert f"{code.value} {meaning}" in shown


def test_a_report_that_cannot_be_written_is_known_before_the_first_request(
    vumeter: Vumeter, server: ServerProcess, tmp_path: Path
) -> None:
    ended = vumeter("run", server.url, "-n", "5", "-o", str(tmp_path / "no" / "r.json"))
    assert ended.returncode == 2
    assert server.truth()["requests"] == 0
