"""Profiles on the command line: checked, run, overridden and saved."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vumeter.testing.server_process import ServerProcess

pytestmark = pytest.mark.slow

Vumeter = Callable[..., Any]

PROFILE = """
target = "${TARGET:-http://127.0.0.1:9}"
secrets = ["KEY"]
[variables]
KEY = "hunter2-hunter2"
[scenarios.main]
iterations = 20
vus = 2
steps = [{ path = "/a", headers = { Authorization = "Bearer ${KEY}" } }, "/b"]
"""


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "night.toml"
    path.write_text(PROFILE)
    return path


def test_a_profile_runs_to_its_end_and_reports(
    vumeter: Vumeter, server: ServerProcess, profile: Path, tmp_path: Path
) -> None:
    report = tmp_path / "r.json"
    origin = server.url.rstrip("/")
    ended = vumeter("run", str(profile), "-e", f"TARGET={origin}", "-o", str(report))
    assert ended.returncode == 0, ended.stderr
    assert server.truth()["requests"] == 40
    assert "hunter2" not in ended.stdout + ended.stderr + report.read_text()
    endpoints = json.loads(report.read_text())["endpoints"]
    assert {each["name"] for each in endpoints} == {"GET /a", "GET /b"}


def test_flags_go_before_what_the_profile_says(
    vumeter: Vumeter, server: ServerProcess, profile: Path
) -> None:
    origin = server.url.rstrip("/")
    ended = vumeter("run", str(profile), "-e", f"TARGET={origin}", "-n", "3")
    assert ended.returncode == 0, ended.stderr
    assert server.truth()["requests"] == 6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["-m", "PUT"], "--method: each request of a profile", id="method"),
        pytest.param(["-H", "A: b"], "--header: each request", id="header"),
        pytest.param(["-t", "5s"], "--timeout: each request", id="timeout"),
        pytest.param(["-e", "KEY"], "is not KEY=VALUE", id="variable"),
        pytest.param(["--time-scale", "0"], "not a number above 0", id="time-scale"),
        pytest.param(["--max-vus", "1"], "asks for 2 VUs, above the limit of 1", id="limit"),
    ],
)
def test_flags_that_make_no_sense_with_a_profile_are_refused_by_name(
    vumeter: Vumeter, profile: Path, arguments: list[str], words: str
) -> None:
    ended = vumeter("run", str(profile), *arguments)
    assert words in ended.stderr
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


def test_flags_of_one_load_do_not_guess_among_several_scenarios(
    vumeter: Vumeter, profile: Path
) -> None:
    profile.write_text(PROFILE + '[scenarios.other]\nsteps = ["/"]\n')
    ended = vumeter("run", str(profile), "--vus", "5")
    assert ended.returncode == 2
    assert "--vus: the profile has 2 scenarios (main, other)" in ended.stderr


def test_flags_of_profiles_are_refused_with_a_url(vumeter: Vumeter) -> None:
    for flag in (["-e", "A=b"], ["--time-scale", "0.1"]):
        ended = vumeter("run", "http://127.0.0.1:9/", *flag)
        assert ended.returncode == 2
        assert f"{flag[0]} is for profiles" in ended.stderr


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_broken_profile_ends_with_104_and_nothing_is_sent(
    vumeter: Vumeter, server: ServerProcess, profile: Path, command: str
) -> None:
    profile.write_text(f'target = "{server.url}"\nscenario = 1\n[scenarios.a]\nvus = "x"\n')
    ended = vumeter(command, str(profile))
    assert ended.returncode == 104
    assert ended.stdout == ""
    assert "has 3 problems; nothing was sent." in ended.stderr
    assert f"{profile}:4: scenarios.a.vus" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert server.truth()["requests"] == 0


SCENARIO = b'target = "URL"\n[scenarios.main]\nsteps = ["/"]\n'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(SCENARIO + b'duration = "10x"\n', ":4: scenarios.main.duration", id="unit"),
        pytest.param(SCENARIO + b"vuss = 3\n", 'Did you mean "vus"?', id="unknown-key"),
        pytest.param(
            SCENARIO + b'executor = "ramping-vu"\n',
            ":4: scenarios.main.executor",
            id="bad-executor",
        ),
        pytest.param(
            SCENARIO.replace(b'"/"', b'"/${NOWHERE}"'), "NOWHERE", id="missing-variable"
        ),
        pytest.param(
            SCENARIO + b'[variables]\na = "${b}"\nb = "${a}"\n', ":5: variables.", id="circle"
        ),
        pytest.param(b"# " + b"x" * (2 << 20), "larger than 1 MiB", id="two-MiB"),
        pytest.param(b"a = " + b"[" * 100_000, "nested deeper than", id="depth-bomb"),
        pytest.param(b"\x7fELF\x02\x01\xff\xfe\x00", "not UTF-8 text", id="binary"),
        pytest.param(b'target = "URL\n', ":1: not TOML", id="no-TOML"),
        pytest.param(
            SCENARIO + b'[thresholds]\nhttp_req_duraton = ["p(95)<1"]\n',
            ":5: thresholds",
            id="unknown-metric",
        ),
        pytest.param(b"", "there is nothing to do in it", id="empty"),
    ],
)  # fmt: skip
def test_no_broken_profile_sends_anything(
    vumeter: Vumeter, server: ServerProcess, profile: Path, content: bytes, said: str
) -> None:
    profile.write_bytes(content.replace(b"URL", server.url.encode()))
    ended = vumeter("run", str(profile))
    assert ended.returncode == 104
    assert (ended.stdout, server.truth()["connections"]) == ("", 0)
    assert said in ended.stderr
    assert profile.name in ended.stderr
    assert "Traceback" not in ended.stderr


def test_check_shows_what_would_run_without_its_secrets(vumeter: Vumeter, profile: Path) -> None:
    ended = vumeter("check", str(profile), "--time-scale", "0.01")
    assert ended.returncode == 0, ended.stderr
    assert "main: shared-iterations" in ended.stdout
    assert "2 VUs, 20 iterations, for 6s" in ended.stdout
    assert "GET /a" in ended.stdout
    assert "It has no thresholds" in ended.stdout
    assert "connections HTTP/1.1 · kept alive\n" in ended.stdout
    assert "hunter2" not in ended.stdout


def test_check_shows_how_connections_are_made(vumeter: Vumeter, profile: Path) -> None:
    more = """
[http]
keep_alive = false
version = "1.0"
proxy = "socks5h://ada:pass-word@127.0.0.1:1080"
no_proxy = ["10.0.0.7"]
ip_family = "ipv4"
"""
    profile.write_text(PROFILE + more)
    ended = vumeter("check", str(profile))
    assert ended.returncode == 0, ended.stderr
    assert (
        "connections HTTP/1.0 · a new one for each request · by way of"
        " socks5h://ada:***@127.0.0.1:1080 (but not to 10.0.0.7) · only over IPv4\n"
    ) in ended.stdout
    assert "pass-word" not in ended.stdout


def test_a_dsn_that_is_none_is_a_problem_of_the_profile(vumeter: Vumeter, profile: Path) -> None:
    profile.write_text(PROFILE + '[monitors]\npostgres = "mysql://x/y"\n')
    ended = vumeter("check", str(profile))
    assert ended.returncode == 104
    assert "monitors.postgres" in ended.stderr


def test_a_saved_command_line_runs_again_as_a_profile(
    vumeter: Vumeter, server: ServerProcess, tmp_path: Path
) -> None:
    saved = tmp_path / "saved.toml"
    first = vumeter("run", server.url, "-n", "7", "-a", "u:p", "--save-profile", str(saved))
    assert first.returncode == 0, first.stderr
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    again = vumeter("run", str(saved))
    assert again.returncode == 0, again.stderr
    assert server.truth()["requests"] == 14
    refused = vumeter("run", server.url, "-n", "7", "--save-profile", str(saved))
    assert refused.returncode == 2
    assert "already" in refused.stderr


def test_the_schema_is_json(vumeter: Vumeter) -> None:
    assert json.loads(vumeter("schema").stdout)["title"] == "vumeter profile"
    assert json.loads(vumeter("schema", "api").stdout)["info"]["title"] == "vumeter's control API"


def test_a_run_that_was_steered_can_be_exported_while_it_goes_on_and_afterwards(
    vumeter: Vumeter, server: ServerProcess, tmp_path: Path
) -> None:
    proxy = ("-x", "http://ada:hunter2-p@127.0.0.1:9", "--no-proxy", "127.0.0.1")
    started = vumeter("run", server.url, "-c", "2", "-H", "X-Key: hunter2-x", "--detach",
                      "--name", "night", *proxy)  # fmt: skip
    assert started.returncode == 0, started.stderr
    assert vumeter("ctl", "night", "set", "vus", "5").returncode == 0
    for word in ("going-on", "ended"):
        exported = vumeter("export-profile", "night")
        assert exported.returncode == 0, exported.stderr
        assert "hunter2" not in exported.stdout
        assert "# Give it by -e X_KEY=…" in exported.stdout
        assert 'proxy = "http://ada:${PROXY_PASSWORD}@127.0.0.1:9"' in exported.stdout
        assert "target = 5" in exported.stdout
        replay = tmp_path / f"{word}.toml"
        replay.write_text(exported.stdout)
        checked = vumeter("check", str(replay), "-e", "X_KEY=y", "-e", "PROXY_PASSWORD=z")
        assert checked.returncode == 0, checked.stderr
        assert "main: ramping-vus" in checked.stdout
        vumeter("ctl", "night", "stop")
        wait_until_ended(vumeter)


def wait_until_ended(vumeter: Vumeter) -> None:
    for _ in range(100):
        if "No run is going on" in vumeter("ps").stdout:
            return
    raise AssertionError("the run goes on")


def test_an_export_takes_its_requests_from_the_profile_that_was_run(
    vumeter: Vumeter, server: ServerProcess, profile: Path
) -> None:
    target = f"TARGET={server.url.rstrip('/')}"
    assert vumeter("run", str(profile), "-e", target, "--name", "night").returncode == 0
    exported = vumeter("export-profile", "night", "--profile", str(profile), "-e", target)
    assert exported.returncode == 0, exported.stderr
    replay = profile.with_name("replay.toml")
    replay.write_text(exported.stdout)
    assert vumeter("run", str(replay)).returncode == 0
    assert server.truth()["requests"] == 80


def test_a_run_that_never_was_cannot_be_exported(vumeter: Vumeter) -> None:
    ended = vumeter("export-profile", "night")
    assert ended.returncode == 2
    assert 'There is no run "night"' in ended.stderr
