"""`--threshold`: what is refused, and what the shell is told at the end."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from vumeter.cli.ending import exit_code
from vumeter.cli.planning import Wishes, plan
from vumeter.cli.thresholds import with_thresholds
from vumeter.errors import ExitCode, ProfileError
from vumeter.model.frame import Figures, StopCause
from vumeter.model.plan import Threshold
from vumeter.model.summary import GeneratorSummary, Iterations, Summary
from vumeter.model.verdict import Standing, Unit, Verdict
from vumeter.testing.flight import fly
from vumeter.testing.server_process import ServerProcess

Vumeter = Callable[..., Any]

PLAN = plan(Wishes(url="http://127.0.0.1:8000/"))
NOTHING = Figures(
    requests=0,
    requests_per_s=0.0,
    errors=0,
    errors_by_kind={},
    statuses={},
    sent_bytes=0,
    received_bytes=0,
    latency=None,
)


def ended(stop: StopCause, *standings: Standing, duration_s: float | None = None) -> Summary:
    load = replace(PLAN.scenarios[0].load, duration_s=duration_s)
    return Summary(
        plan=replace(PLAN, scenarios=(replace(PLAN.scenarios[0], load=load),)),
        started_unix_ms=0,
        duration_s=1.0,
        stop=stop,
        total=NOTHING,
        service=None,
        endpoints={},
        iterations=Iterations(due=0, started=0, done=0, dropped=0, interrupted=0),
        vus_max=1,
        generator=GeneratorSummary(
            seconds=0,
            limited_seconds=0,
            cpu_percent_mean=0.0,
            cpu_percent_max=0.0,
            tick_lag_p99_us=0,
            tick_lag_max_us=0,
            late_start_ratio=0.0,
            rss_bytes_max=0,
            reasons=(),
        ),
        host=None,
        postgres=None,
        journal=(),
        remarks=(),
        verdicts=tuple(
            Verdict(
                threshold=Threshold(metric="http_reqs", expression="count > 0"),
                standing=standing,
                is_failing=standing is Standing.FAILED,
                observed=None,
                limit=0.0,
                unit=Unit.COUNT,
                first_failed_second=None,
                crossings=0,
            )
            for standing in standings
        ),
    )


@pytest.mark.parametrize(
    ("stop", "standings", "code"),
    [
        (StopCause.SCHEDULE, (), 0),
        (StopCause.SCHEDULE, (Standing.PASSED, Standing.PASSED), 0),
        (StopCause.SCHEDULE, (Standing.PASSED, Standing.FAILED), 99),
        (StopCause.SCHEDULE, (Standing.NO_DATA,), 99),
        (StopCause.THRESHOLD, (Standing.FAILED,), 99),
        (StopCause.STOPPED, (Standing.FAILED,), 99),
        (StopCause.STOPPED, (Standing.PASSED,), 0),
        (StopCause.ABORTED, (Standing.FAILED,), 103),
        (StopCause.DEAD_MAN, (Standing.FAILED,), 103),
        (StopCause.SIGNAL, (Standing.FAILED,), 105),
        (StopCause.WORKERS_LOST, (Standing.FAILED,), 1),
    ],
)
def test_thresholds_decide_where_nothing_else_has_ended_the_run(
    stop: StopCause, standings: tuple[Standing, ...], code: int
) -> None:
    assert exit_code(ended(stop, *standings)) == code


def test_a_run_that_was_cut_short_by_hand_says_so_first() -> None:
    cut = ended(StopCause.STOPPED, Standing.FAILED, duration_s=60.0)
    assert exit_code(cut) is ExitCode.STOPPED


def test_flags_come_after_the_rules_of_a_profile() -> None:
    profiled = replace(PLAN, thresholds=(Threshold(metric="vus", expression="value < 9"),))
    assert with_thresholds(profiled, ["http_reqs: count > 1"]).thresholds == (
        Threshold(metric="vus", expression="value < 9"),
        Threshold(metric="http_reqs", expression="count > 1"),
    )


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("http_req_duration: p(95) < 3%", "300ms"),
        ("http_req_duraton: p(95) < 300", 'Did you mean "http_req_duration"?'),
        ("iterations{scenario:man}: count > 1", 'Did you mean "main"?'),
        ("postgres.blocked == 0", "--pg"),
        ("< 5", "http_req_duration: p(95) < 300ms"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_code_104(text: str, hint: str) -> None:
    with pytest.raises(ProfileError) as error:
        with_thresholds(PLAN, [text])
    assert hint in error.value.hint
    assert error.value.exit_code == 104


@pytest.mark.slow
def test_a_wrong_rule_ends_with_104_before_anything_is_sent(
    vumeter: Vumeter, server: ServerProcess
) -> None:
    ended = vumeter("run", server.url, "-n", "1", "--threshold", "http_reqs: p(95) < 1")
    assert ended.returncode == 104
    assert 'has no aggregate "p(95)"' in ended.stderr
    assert "Traceback" not in ended.stderr
    assert server.truth()["requests"] == 0


@pytest.mark.slow
def test_the_shell_hears_99_and_the_person_reads_why_first(server: ServerProcess) -> None:
    landing = fly(
        server.url,
        *("-c", "2", "-z", "1s"),
        *("--threshold", "http_req_duration: med < 1ms"),
        *("--threshold", "http_req_failed: rate == 0"),
    )
    assert landing.exit_code == 99
    assert landing.complaints == ""
    lines = [line.strip() for line in landing.output.splitlines() if line.strip()]
    assert lines[1:3] == ["THRESHOLDS", "http_req_duration"]
    assert lines[3].startswith("✗ 'med < 1ms' med=2")
    assert lines[4:6] == ["http_req_failed", "✓ 'rate == 0' rate=0%"]
    assert [each["verdict"] for each in landing.report["thresholds"]] == ["failed", "passed"]
