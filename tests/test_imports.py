"""The rooms that make and conduct load never pay for the screen."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "module",
    [
        "vumeter.cli.app",
        "vumeter.cli.conduct",
        "vumeter.cli.headless",
        "vumeter.engine.worker",
        "vumeter.link.client",
        "vumeter.report.terminal",
        "vumeter.run.process",
    ],
)
def test_it_loads_no_textual(module: str) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", f"import {module}, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.split()
    assert module in loaded
    assert [name for name in loaded if name.split(".")[0] in ("textual", "rich")] == []


def test_the_command_line_is_there_before_aiohttp_is() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import vumeter.cli.app, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.split()
    assert "aiohttp" not in loaded
    assert "uvloop" not in loaded


def test_a_headless_run_loads_neither_textual_nor_what_it_does_not_watch() -> None:
    # A port that nobody listens on: ten refused connections are a whole run, too.
    program = (
        "import sys\n"
        "from vumeter.cli import main\n"
        "sys.argv = ['vumeter', 'run', 'http://127.0.0.1:9/', '-n', '2', '-c', '1', '--headless']\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print('MODULES', *sys.modules)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert "http_reqs" in ended.stdout, ended.stderr
    loaded = ended.stdout.partition("MODULES")[2].split()
    assert "vumeter.run.conductor" in loaded
    unwanted = ("textual", "asyncpg", "numpy", "scipy")
    assert [name for name in loaded if name.split(".")[0] in unwanted] == []
