"""`vumeter agent` as it is typed."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def agent(*arguments: str) -> subprocess.Popen[str]:
    environ = {name: value for name, value in os.environ.items() if name != "VUMETER_TOKEN"}
    return subprocess.Popen(
        [sys.executable, "-m", "vumeter", "agent", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
        text=True,
    )


def test_it_says_where_it_is_and_takes_its_token_with_it_when_it_ends() -> None:
    process = agent("--listen", "127.0.0.1:0", "--process", f"own=pid:{os.getpid()}")
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        match = re.fullmatch(r"the agent is at (http://\S+); its token is in (\S+)\n", said)
        assert match is not None, said
        url, file = match[1], Path(match[2])
        assert file.stat().st_mode & 0o777 == 0o600
        asked = urllib.request.Request(
            f"{url}/reading", headers={"Authorization": f"Bearer {file.read_text().strip()}"}
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:
            reading = json.load(answer)
        assert reading["host"]["memory_total_bytes"] > 0
        assert [each["name"] for each in reading["watched"]] == ["own"]
    finally:
        process.send_signal(signal.SIGTERM)
        _, complaints = process.communicate(timeout=60)
    assert (process.returncode, complaints) == (0, "")
    assert not file.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("--process", "api"), '--process: "api" is not NAME=HOW.', id="no-how"),
        pytest.param(("--process", "a=port:x"), '"a=port:x" has no port.', id="no-port"),
        pytest.param(("--process", "a=port:70000"), '"a=port:70000" has no port.', id="high"),
        pytest.param(("--process", "a=pattern:("), "has no regular expression", id="no-pattern"),
        pytest.param(("--listen", "0.0.0.0:0"), "without TLS", id="no-tls"),
        pytest.param(("--token-file", "/dev/null"), "holds no token", id="no-token"),
    ],
)
def test_what_cannot_be_meant_is_said(arguments: tuple[str, ...], said: str) -> None:
    process = agent(*arguments)
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 2
    assert said in complaint
    assert "Traceback" not in complaint
