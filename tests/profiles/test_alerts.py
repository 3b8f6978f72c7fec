"""[[alerts]]: what a profile may say of them, and everything that is wrong with one at once."""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from vumeter.model.alert import Alert, AlertLevel
from vumeter.model.plan import Plan
from vumeter.thresholds.presets import PRESETS, Preset, alerts_in

Loaded = Callable[..., Plan]
Complaint = Callable[..., str]

HEAD = """target = "http://127.0.0.1:9"
[scenarios.main]
steps = ["/"]
duration = "10s"
"""


def test_one_line_is_the_whole_set(loaded: Loaded) -> None:
    assert loaded('alerts = ["usual"]\n' + HEAD).alerts == PRESETS[Preset.USUAL]


def test_a_line_may_be_a_rule_too(loaded: Loaded) -> None:
    plan = loaded('alerts = ["usual", "host.cpu: > 95% for 30s"]\n' + HEAD)
    assert plan.alerts[-1] == Alert(
        name="host.cpu>95%", metric="host.cpu", expression="> 95% for 30s"
    )


def test_what_stands_beside_a_preset_holds_for_each_of_the_set(loaded: Loaded) -> None:
    plan = loaded(HEAD + '[[alerts]]\npreset = "usual"\nlevel = "info"\ncommand = ["true"]\n')
    assert {alert.level for alert in plan.alerts} == {AlertLevel.INFO}
    assert {alert.bell for alert in plan.alerts} == {False}
    assert {alert.command for alert in plan.alerts} == {("true",)}
    assert [alert.name for alert in plan.alerts] == [alert.name for alert in PRESETS[Preset.USUAL]]


def test_everything_can_be_said(loaded: Loaded) -> None:
    text = """
        [[alerts]]
        name = "slow checkout"
        when = "http_req_duration: p(95) > 400ms over 10s for 5s"
        until = "p(95) < 300ms over 20s"
        clear_after = "12s"
        level = "critical"
        bell = false
        command = ["sh", "-c", "true"]
        webhook = "${HOOK}"
    """
    (alert,) = loaded(HEAD + text, variables={"HOOK": "https://hooks.example/T0"}).alerts
    assert alert == Alert(
        name="slow checkout",
        metric="http_req_duration",
        expression="p(95) > 400ms over 10s for 5s",
        until="p(95) < 300ms over 20s",
        clear_after_s=12.0,
        level=AlertLevel.CRITICAL,
        bell=False,
        command=("sh", "-c", "true"),
        webhook="https://hooks.example/T0",
    )


def test_a_program_with_a_slash_is_beside_the_profile(loaded: Loaded, tmp_path: Path) -> None:
    program = tmp_path / "tell.sh"
    program.write_text("#!/bin/sh\n")
    program.chmod(stat.S_IRWXU)
    text = '[[alerts]]\nwhen = "host.cpu: > 80%"\ncommand = ["./tell.sh", "./x"]\n'
    (alert,) = loaded(HEAD + text).alerts
    assert alert.command[1:] == ("./x",)
    assert os.path.samefile(alert.command[0], program)  # noqa: PTH121 - the one that compares


def test_times_are_scaled_like_those_of_thresholds(loaded: Loaded) -> None:
    text = """
        [thresholds]
        http_req_duration = "p(95) < 400ms over 60s for 20s"
        [[alerts]]
        when = "http_req_duration: p(95) > 400ms over 60s for 20s"
        until = "p(95) < 300ms over 30s"
    """
    plan = loaded(HEAD + text, time_scale=0.1)
    (alert,) = plan.alerts
    assert alert.expression == "p(95) > 400ms over 6s for 2s"
    assert alert.expression.replace(">", "<") == plan.thresholds[0].expression
    assert (alert.until, alert.clear_after_s) == ("p(95) < 300ms over 3s", 0.5)


def test_all_that_is_wrong_is_said_at_once_each_with_its_line(complaint: Complaint) -> None:
    said = complaint(
        HEAD
        + """
[[alerts]]
preset = "usual"
until = "value < 1"

[[alerts]]
when = "http_req_duration: p(95) > 400ms"

[[alerts]]
level = "high"
when = "host.cpu: > 80%"

[[alerts]]
when = "host.cpu: > 80%"
preset = "usual"

[[alerts]]
bell = true

[[alerts]]
name = "cpu"
when = "host.cpu: > 80%"
comand = ["true"]

[[alerts]]
name = "cpu"
when = "host.cpu: > 80% abort_on_fail"
command = ["no-such-program"]
webhook = "ftp://s3cr3t@x/"
"""
    )
    assert said.splitlines()[1:] == [
        'p.toml:8: alerts[0].until: each alert of preset "usual" has its own.',
        'p.toml:10: alerts[1]: "http_req_duration: p(95) > 400ms": an alert is about now, and this'
        " is about everything since the start.",
        '  Write for example "p(95) > 400ms over 10s".',
        'p.toml:14: alerts[2].level: "high" is none of: info, warning, critical.',
        "p.toml:17: alerts[3]: has a rule, and names a preset as well.",
        '  Write when = "host.cpu: > 80% for 10s", or preset = "usual".',
        "p.toml:21: alerts[4]: says nothing.",
        '  Write when = "host.cpu: > 80% for 10s", or preset = "usual".',
        "p.toml:27: alerts[5].comand: unknown key.",
        '  Did you mean "command"?',
        'p.toml:31: alerts[6].when: "host.cpu: > 80% abort_on_fail": an alert ends no run.',
        "  A threshold does, with abort_on_fail.",
        'p.toml:32: alerts[6].command: there is no program "no-such-program".',
        '  It is looked for in PATH; a shell is asked for by ["sh", "-c", "…"].',
        "p.toml:33: alerts[6].webhook: is not a URL.",
        '  Write for example "https://hooks.example/services/T0/B0".',
    ]


@pytest.mark.parametrize(
    ("alerts", "problem"),
    [
        ('["usual", "usual"]', 'there is another alert "slow"'),
        ('["usal"]', '"usal" is none of: usual'),
        ("[3]", "is not a table"),
        ('"usual"', "is not a list"),
        ('[{ when = "host.cpu: > 80%", command = ["a\\u0000b"] }]', "NUL"),
        ('[{ when = "host.cpu: > 80%", command = [] }]', "is empty"),
        ('[{ when = "host.cpu: > 80%", command = ["./gone"] }]', "has to be executable"),
        ('[{ when = "host.cpu: > 80%", margin = "10%", until = "< 70" }]', "no margin"),
        ('["postgres.blocked: > 0"]', "no database is watched"),
    ],
)
def test_what_cannot_be_meant(complaint: Complaint, alerts: str, problem: str) -> None:
    assert problem in complaint(f"alerts = {alerts}\n{HEAD}")


def test_the_page_s_examples_are_understood(loaded: Loaded) -> None:
    page = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()
    for text in re.findall(r"--alert '([^']+)'", page):
        assert alerts_in(text)
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    # Not every machine has the program.
    example = example.replace("notify-send", "true")
    head = HEAD.replace('["/"]', '["/", "POST /cart"]')
    plan = loaded(head + example, variables={"HOOK": "https://hooks.example/T0"})
    assert [alert.name for alert in plan.alerts][-1] == "slow checkout"
    (line,) = re.findall(r"`(alerts = \[.*?\])`", page)
    assert len(loaded(f"{line}\n{HEAD}").alerts) == len(PRESETS[Preset.USUAL]) + 1
