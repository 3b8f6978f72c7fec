"""The rooms that make and conduct load never pay for the screen."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

PAID_ELSEWHERE = ("textual", "rich", "numpy", "scipy")
_ALL_COMMANDS = "from vumeter.cli.app import app_for; app_for([])"


@pytest.mark.parametrize(
    "module",
    [
        "vumeter.cli.conduct",
        "vumeter.cli.headless",
        "vumeter.engine.worker",
        "vumeter.link.client",
        "vumeter.report.terminal",
        "vumeter.run.process",
    ],
)
def test_it_loads_no_textual_and_no_numpy(module: str) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", f"import {module}, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.split()
    assert module in loaded
    assert [name for name in loaded if name.split(".")[0] in PAID_ELSEWHERE] == []


def test_the_command_line_is_there_before_aiohttp_is() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", f"{_ALL_COMMANDS}; import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.split()
    assert "vumeter.cli.why" in loaded
    assert not {"textual", "rich", "aiohttp", "uvloop"} & set(loaded)


def test_a_command_is_there_before_all_others_are() -> None:
    loaded = subprocess.run(
        [sys.executable, "-m", "vumeter", "attach", "--help"],
        env=os.environ | {"PYTHONVERBOSE": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stderr
    assert "import 'vumeter.cli.attach'" in loaded
    assert "import 'vumeter.cli.ctl'" not in loaded
    assert "import 'vumeter.store" not in loaded


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
