"""Alerts on the command line: `--alert`, `vumeter check`, and what the shell is told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vumeter.cli.check import preview
from vumeter.cli.ctl import parse
from vumeter.cli.planning import Wishes, plan
from vumeter.cli.thresholds import with_alerts
from vumeter.errors import ProfileError
from vumeter.model.throttle import CommandKind
from vumeter.testing.server_process import ServerProcess
from vumeter.thresholds.presets import PRESETS, Preset

Vumeter = Callable[..., Any]

PLAN = plan(Wishes(url="http://127.0.0.1:8000/"))


def test_a_flag_is_a_rule_or_a_set() -> None:
    alerts = with_alerts(PLAN, ["vus: < 1", "usual"]).alerts
    assert [alert.name for alert in alerts] == ["vus<1", "slow", "errors", "cpu", "memory"]


@pytest.mark.parametrize(
    ("texts", "complaint"),
    [
        (["usual", "usual"], '--alert: there is an alert "slow" already'),
        (["usal"], '--alert: there is no set of alerts "usal"'),
        (["http_req_duration: p(95) > 400ms"], "--alert: .*since the start"),
        (["host.cpu: > 80% abort_on_fail"], "--alert: .*ends no run"),
        (["postgres.blocked: > 0"], "--alert: .*no database is watched"),
        (["> 80%"], "--alert: .*does not begin with a metric"),
    ],
)
def test_what_cannot_be_meant_is_refused(texts: list[str], complaint: str) -> None:
    with pytest.raises(ProfileError, match=complaint) as refused:
        with_alerts(PLAN, texts)
    assert refused.value.exit_code == 104


def test_check_says_in_words_what_no_threshold_has() -> None:
    shown = preview(with_alerts(PLAN, ["usual", "http_req_duration: max < 1s over 5s"])).split("\n")
    assert "alerts: what must not be (thresholds: what must be)" in shown
    for alert in PRESETS[Preset.USUAL]:
        assert f"  {alert.name} · {alert.level.value} · bell" in shown
        assert f"    fires at     {alert.metric}: {alert.expression}" in shown
    assert "    clears at    p(95) <= 360ms over 10s, for 5s" in shown
    (doubt,) = [line for line in shown if "must not be." in line]
    assert doubt.startswith('  alert "max<1s" fires while http_req_duration is as it should be')


def test_ctl_acknowledges_one_or_all() -> None:
    assert parse(["acknowledge"], author="a").alert is None
    command = parse(["acknowledge", "slow", "checkout"], author="a")
    assert (command.kind, command.alert) == (CommandKind.ACKNOWLEDGE, "slow checkout")


@pytest.mark.slow
def test_alerts_fire_and_leave_the_exit_code_alone(
    vumeter: Vumeter, server: ServerProcess, tmp_path: Path
) -> None:
    report, saved, again = tmp_path / "r.json", tmp_path / "p.toml", tmp_path / "again.toml"
    slow = "http_req_duration: med > 1ms over 1s"
    ended = vumeter(
        *("run", server.url, "-z", "3s", "-c", "2", "-o", str(report)),
        *("--alert", slow, "--alerts", "vus: > 900", "--save-profile", str(saved)),
        *("--name", "flight"),
    )
    assert ended.returncode == 0, ended.stderr
    assert f"alert: med>1ms fires (warning): {slow} is " in ended.stderr
    assert "ALERTS\n    ! med>1ms (warning) fired 1 ×, " in ended.stdout
    assert "✓ quiet: vus>900" in ended.stdout
    fired, quiet = json.loads(report.read_text())["alerts"]
    assert (fired["name"], fired["firings"], fired["fires_at_end"]) == ("med>1ms", 1, True)
    assert (fired["limit"], fired["unit"]) == (1.0, "ms")
    # The server takes 20 ms for each answer.
    assert fired["worst"] >= 20
    assert (quiet["firings"], quiet["first_fired_s"], quiet["worst"]) == (0, None, None)

    checked = vumeter("check", str(saved))
    assert checked.returncode == 0, checked.stderr
    assert f"    fires at     {slow}\n    clears at    med <= 1ms over 1s, for 5s" in checked.stdout
    exported = vumeter("export-profile", "flight")
    again.write_text(exported.stdout)
    checked = vumeter("check", str(again))
    assert checked.returncode == 0, checked.stderr
    assert f"    fires at     {slow}" in checked.stdout


@pytest.mark.slow
def test_a_webhook_is_shown_nowhere_and_asked_for_when_a_run_is_exported(
    vumeter: Vumeter, server: ServerProcess, tmp_path: Path
) -> None:
    profile, exported = tmp_path / "p.toml", tmp_path / "x.toml"
    report = tmp_path / "r.json"
    profile.write_text(
        f"""
        name = "flight"
        target = "{server.url.rstrip("/")}"
        [scenarios.main]
        steps = ["/"]
        duration = "2s"
        [[alerts]]
        name = "slow check-out"
        when = "http_req_duration: med > 1ms over 1s"
        # Nobody listens on the discard port of this machine.
        webhook = "http://127.0.0.1:9/services/c4n4ry?token=c4n4ry"
        command = ["sh", "-c", "true token=c4n4ry"]
        """
    )
    checked = vumeter("check", str(profile))
    assert "    posts to     http://127.0.0.1:9/***" in checked.stdout
    ended = vumeter("run", str(profile), "-o", str(report))
    assert ended.returncode == 0, ended.stderr
    assert "slow check-out: the run ended before all was told" in ended.stderr
    written = vumeter("export-profile", "flight")
    exported.write_text(written.stdout)
    assert "Give it by -e WEBHOOK_SLOW_CHECK_OUT=" in written.stdout
    for text in (checked.stdout, ended.stdout, ended.stderr, report.read_text(), written.stdout):
        assert "c4n4ry" not in text
    again = vumeter(
        *("check", str(exported), "-e", "WEBHOOK_SLOW_CHECK_OUT=http://127.0.0.1:9/x"),
        *("-e", "COMMAND_SLOW_CHECK_OUT_2=echo hello"),
    )
    assert "    runs         sh -c 'echo hello'" in again.stdout, again.stderr
    assert "    posts to     http://127.0.0.1:9/***" in again.stdout, again.stderr
