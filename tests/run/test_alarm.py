"""Thresholds while a run lasts: what is told, what is shown, and what ends the run."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from vumeter.errors import ProfileError
from vumeter.model.flow import Request, mix
from vumeter.model.frame import Event, EventLevel, RunState, StopCause
from vumeter.model.plan import Plan, Threshold
from vumeter.model.throttle import CommandKind
from vumeter.model.verdict import Standing, Unit, Verdict
from vumeter.run.alarm import AUTHOR, news
from vumeter.run.conductor import Conductor
from vumeter.testing.server import LoopbackServer

Plans = Callable[..., Plan]

VERDICT = Verdict(
    threshold=Threshold(metric="http_req_duration", expression="p(95) < 300ms over 10s"),
    standing=Standing.PASSED,
    is_failing=False,
    observed=120.0,
    limit=300.0,
    unit=Unit.MS,
    first_failed_second=None,
    crossings=0,
)
FAILING = replace(
    VERDICT,
    standing=Standing.FAILED,
    is_failing=True,
    observed=512.3,
    first_failed_second=71,
    crossings=1,
)


def test_only_what_changed_is_told() -> None:
    assert news((VERDICT, FAILING), (VERDICT, FAILING)) == []
    (fails,) = news((VERDICT, FAILING), (FAILING, FAILING))
    assert fails == (
        "threshold fails: http_req_duration: p(95) < 300ms over 10s is 512ms",
        EventLevel.WARNING,
        "p95<300ms",
    )
    (holds,) = news((FAILING,), (replace(FAILING, is_failing=False, observed=99.0),))
    assert holds == (
        "threshold holds again: http_req_duration: p(95) < 300ms over 10s is 99ms; "
        "it first failed at 1m12s",
        EventLevel.INFO,
        "p95<300ms ok",
    )


def test_a_plan_with_a_threshold_that_is_none_does_not_begin(a_plan: Plans) -> None:
    wrong = (Threshold(metric="http_req_duration", expression="p(95) < 3%"),)
    with pytest.raises(ProfileError, match="cannot be compared"):
        Conductor(a_plan("http://127.0.0.1:1/", thresholds=wrong))


def told(events: tuple[Event, ...]) -> list[str]:
    return [event.text.partition(":")[0] for event in events if event.author == AUTHOR]


@pytest.mark.slow
async def test_a_window_that_breaks_and_mends_is_told_and_fails_the_run(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    thresholds = (
        Threshold(metric="http_req_failed", expression="rate < 50% over 2s"),
        Threshold(metric="http_reqs", expression="count > 0"),
        Threshold(metric="http_req_duration{name:never}", expression="med < 1s"),
    )
    plan = a_plan(server.url, vus=2, timeout_s=0.2, thresholds=thresholds)
    scenario = plan.scenarios[0]
    never = Request(name="never", url=server.url)
    # A draw that nobody lives to see.
    steps = mix((next(scenario.requests), 1.0), (never, 1e-15))
    plan = replace(plan, scenarios=(replace(scenario, steps=steps),))
    async with fly(plan) as flight:
        link = await flight.link()
        young = await until(link, lambda frame: frame.verdicts)
        assert young.verdicts[0].standing in (Standing.PENDING, Standing.PASSED)
        server.gate.close()
        broken = await until(link, lambda frame: frame.verdicts[0].is_failing)
        assert told(broken.events) == ["threshold fails"]
        server.gate.open()
        mended = await until(link, lambda frame: not frame.verdicts[0].is_failing)
        assert told(mended.events) == ["threshold fails", "threshold holds again"]
        assert mended.verdicts[0].standing is Standing.FAILED
        assert mended.state is RunState.RUNNING
        assert [event.label for event in mended.events if event.author == AUTHOR] == [
            "err<50%",
            "err<50% ok",
        ]
        await link.close()
        await flight.do(CommandKind.STOP)
        summary = await flight.summary()
    assert [verdict.standing for verdict in summary.verdicts] == [
        Standing.FAILED,
        Standing.PASSED,
        Standing.NO_DATA,
    ]
    assert summary.verdicts[1].observed == summary.total.requests


@pytest.mark.slow
async def test_a_threshold_that_may_ends_the_run_and_is_in_the_journal(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    rule = Threshold(metric="http_req_duration", expression="med < 1ms", abort_on_fail=True)
    async with fly(a_plan(server.url, thresholds=(rule,))) as flight:
        summary = await flight.summary()
    assert summary.stop is StopCause.THRESHOLD
    (entry,) = summary.journal
    assert (entry.command.kind, entry.command.author) == (CommandKind.ABORT, AUTHOR)
    assert re.fullmatch(r"http_req_duration: med < 1ms was \d+(\.\d)?ms", entry.command.note)
    assert entry.accepted
    # The first look is after two seconds; generously later, it has long stopped.
    assert summary.duration_s < 10


@pytest.mark.slow
async def test_a_stop_that_was_asked_for_keeps_its_cause(
    fly: Any, a_plan: Plans, server: LoopbackServer
) -> None:
    rule = Threshold(
        metric="http_req_duration", expression="med < 1ms", abort_on_fail=True, delay_abort_s=600
    )
    async with fly(a_plan(server.url, thresholds=(rule,))) as flight:
        await flight.do(CommandKind.STOP)
        summary = await flight.summary()
    assert summary.stop is StopCause.STOPPED
