"""
The rows that are always there: header, throttle, lights, plan and keys.

Over 400 lines: each row in each state, mostly as tables.
"""

import functools
from typing import Any

import pytest
from msgspec.structs import replace

from vumeter.model.alert import AlertLevel
from vumeter.model.frame import Frame, RunState, StopCause
from vumeter.model.measure import GeneratorReading
from vumeter.model.metric import Unit
from vumeter.model.pilot import PilotKind, PilotPhase, PilotState
from vumeter.model.plan import Threshold
from vumeter.model.probes import HostReading, PostgresReading, PostgresState
from vumeter.model.throttle import Lever, StageSpan, ThrottleState
from vumeter.model.verdict import Standing, Verdict
from vumeter.testing.alerts import firing
from vumeter.testing.story import story
from vumeter.tui.glyphs import GlyphSet
from vumeter.tui.terminal import DEFAULT_LOOK, ColourDepth, Ink, Look, Terminal, look_for
from vumeter.tui.widgets.alert_lights import alert_lights
from vumeter.tui.widgets.header_row import header_line
from vumeter.tui.widgets.pilot_row import pilot_line
from vumeter.tui.widgets.plan_row import plan_line
from vumeter.tui.widgets.status_row import (
    Health,
    database_health,
    generator_health,
    host_health,
    status_line,
    threshold_health,
)
from vumeter.tui.widgets.throttle_row import progress_words, throttle_line, throttle_words

ASCII_LOOK = look_for(Terminal(depth=ColourDepth.NONE, glyphs=GlyphSet.ASCII))


@functools.cache
def _frames() -> tuple[Frame, ...]:
    return story().frames


def _jammed(**changes: Any) -> Frame:
    """Return the story's frame in the midst of its trouble, changed as asked."""
    return replace(_frames()[116], **changes)


def _throttle(**changes: Any) -> ThrottleState:
    ramping = {"requested": 150.0, "acknowledged": 150.0, "actual": 118.0, "eta_s": 8.0}
    return replace(_frames()[116].throttles[0], **(ramping | changes))


def _header(
    frame: Frame, *, width: int = 80, age_s: float = 0.4, viewer: str = "ann", frozen: bool = False
) -> str:
    return header_line(
        frame, width=width, look=DEFAULT_LOOK, age_s=age_s, viewer=viewer, frozen=frozen
    ).text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, " shop@127.0.0.1:8080  RUN 00:01:56 of 3m  age 0.4s  CTRL"),
        (
            {"state": RunState.STARTING},
            " shop@127.0.0.1:8080  STARTING 00:01:56 of 3m  age 0.4s  CTRL",
        ),
        (
            {"state": RunState.PAUSED},
            " shop@127.0.0.1:8080  LOAD PAUSED 00:01:56 of 3m  age 0.4s  CTRL",
        ),
        (
            {"state": RunState.STOPPING},
            " shop@127.0.0.1:8080  STOPPING 00:01:56 of 3m  age 0.4s  CTRL",
        ),
        (
            {"state": RunState.ENDED, "stop_cause": StopCause.ABORTED},
            " shop@127.0.0.1:8080  ENDED aborted 00:01:56 of 3m  CTRL",
        ),
        (
            {"duration_s": None, "control": "bob", "viewers": 3},
            " shop@127.0.0.1:8080  RUN 00:01:56  age 0.4s  CTRL bob  3 viewers",
        ),
        (
            {"duration_s": None, "control": "", "workers_heard": 1, "workers_expected": 2},
            " shop@127.0.0.1:8080  RUN 00:01:56  age 0.4s  CTRL free  1/2 workers",
        ),
    ],
)
def test_the_header_says_what_the_run_is_doing_in_words(
    changes: dict[str, object], text: str
) -> None:
    assert _header(_jammed(**changes)) == text.ljust(73) + "? help"


def test_a_frozen_display_does_not_look_like_paused_load() -> None:
    frozen = _header(_jammed(), frozen=True)
    assert "DISPLAY FROZEN" in frozen
    assert "RUN" in frozen
    assert "LOAD PAUSED" not in frozen


def test_an_old_frame_is_called_stale_unless_the_run_has_ended() -> None:
    assert "STALE 12s" in _header(_jammed(), age_s=12.4)
    assert "STALE" not in _header(_jammed(state=RunState.ENDED), age_s=12.4)


@pytest.mark.parametrize("width", [8, 20, 40, 60, 80, 120, 200])
def test_the_header_fits_and_its_state_goes_last(width: int) -> None:
    text = _header(_jammed(state=RunState.PAUSED, viewers=12), width=width)
    assert len(text) <= width
    assert text.strip().startswith(("LOAD", "shop@"))


def test_a_hostile_name_of_a_run_stays_a_name() -> None:
    text = _header(_jammed(run="a\x1b]0;x\x07b", target="http://\u202e[red]x"))
    assert " a·]0;x·b@·[red]x " in text


@pytest.mark.parametrize(
    ("changes", "value", "progress"),
    [
        ({}, "118▸150", "eta 8s"),
        ({"acknowledged": 100.0}, "118▸150", "sent"),
        ({"acknowledged": None}, "118▸150", "sent"),
        ({"held": True}, "118▸150", "HELD"),
        ({"actual": 150.0, "eta_s": 0.0}, "150", ""),
        ({"actual": 149.7, "eta_s": 0.0}, "150", ""),
        ({"actual": 2.5, "requested": 4.0, "acknowledged": 4.0, "eta_s": 0.0}, "2.5▸4", ""),
    ],
)
def test_a_lever_goes_from_requested_over_acknowledged_to_actual(
    changes: dict[str, object], value: str, progress: str
) -> None:
    throttle = _throttle(**changes)
    assert throttle_words(throttle, DEFAULT_LOOK) == value
    assert progress_words(throttle) == progress


def _throttles(
    *throttles: ThrottleState,
    width: int = 80,
    active: tuple[str, Lever] | None = None,
    look: Look = DEFAULT_LOOK,
) -> str:
    return throttle_line(
        _jammed(throttles=throttles, dropped=12), width=width, look=look, active=active
    ).text


def test_the_throttle_row_reads_like_this() -> None:
    vus = _throttle()
    rate = _throttle(lever=Lever.RATE, requested=450.0, acknowledged=450.0, actual=412.3, eta_s=0.0)
    assert [
        _throttles(vus),
        _throttles(vus, rate, active=("shop", Lever.RATE)),
        _throttles(vus, rate, width=60),
        _throttles(vus, rate, width=32),
        _throttles(vus, look=ASCII_LOOK, active=("shop", Lever.VUS)),
        _throttles(),
    ] == [
        " VU 118▸150 ━━━━━━━━━━━━━━━━━━━───── eta 8s  RPS 732  in-flight 90  dropped 12",
        " VU 118▸150 ━━━━━━━━── eta 8s  ▸RPS 412▸450 ━━━━━━━━━─  in-flight 90  dropped 12",
        " VU 118▸150 eta 8s  RPS 412▸450  in-flight 90  dropped 12",
        " VU 118▸150 eta 8s  RPS 412▸450",
        " >VU 118>150 ###################..... eta 8s  RPS 732  in-flight 90  dropped 12",
        " RPS 732  in-flight 90  dropped 12",
    ]


def test_nothing_is_asked_of_a_lever_when_the_run_has_ended() -> None:
    ended = _jammed(state=RunState.ENDED, throttles=(_throttle(actual=0.0),))
    line = throttle_line(ended, width=80, look=DEFAULT_LOOK, active=None)
    assert line.text.startswith(" VU 0 ─")


def test_the_row_shows_the_scenario_whose_lever_is_active() -> None:
    other = _throttle(scenario="night", actual=3.0, requested=3.0, acknowledged=3.0, eta_s=0.0)
    assert "VU 118▸150" in _throttles(_throttle(), other)
    assert "▸VU 3 " in _throttles(_throttle(), other, active=("night", Lever.VUS))
    assert "VU 118▸150" in _throttles(_throttle(), other, active=("gone", Lever.VUS))


def _status(frame: Frame, *, width: int = 80) -> str:
    return status_line(frame, width=width, look=DEFAULT_LOOK).text


def test_the_lights_read_like_this() -> None:
    frame = _jammed()
    generator = replace(_generator(), limited=True, reasons=("cpu 98 %",))
    assert [
        _status(_frames()[0]),
        _status(frame),
        _status(replace(frame, postgres=None, generator=generator), width=90),
        _status(replace(frame, postgres=replace(_postgres(), state=PostgresState.DOWN)), width=50),
    ] == [
        " p95 – ms   p99 – ms   err –   GEN –   HOST –   DB –",
        " p95 386 ms   p99 2.31k ms   err ! 0.37%   GEN ✓   HOST ✓   DB ! lock 38",
        " p95 386 ms   p99 2.31k ms   err ! 0.37%   GEN ✗ LIMIT   (cpu 98 %)   HOST ✓   DB –",
        " p95 386 ms   err ! 0.37%   GEN ✓   DB ✗ down",
    ]


def _verdict(
    metric: str,
    expression: str,
    observed: float | None,
    *,
    standing: Standing = Standing.PASSED,
    is_failing: bool = False,
    limit: float = 300.0,
    unit: Unit = Unit.MS,
) -> Verdict:
    return Verdict(
        threshold=Threshold(metric=metric, expression=expression),
        standing=standing,
        is_failing=is_failing,
        observed=observed,
        limit=limit,
        unit=unit,
        first_failed_second=None,
        crossings=0,
    )


_GOOD = _verdict("http_req_duration", "p(95) < 300ms", 241.3)
_BAD = _verdict(
    "http_req_duration", "p(99) < 300", 2310.0, standing=Standing.FAILED, is_failing=True
)
_FEW = _verdict("http_req_failed", "rate < 1%", 0.0012, limit=0.01, unit=Unit.RATIO)


def test_thresholds_have_lights_of_their_own() -> None:
    frame = replace(_jammed(), verdicts=(_GOOD, _BAD, _FEW))
    assert [
        _status(frame, width=88),
        _status(frame, width=60),
        _status(replace(frame, verdicts=(_GOOD,)), width=80),
    ] == [
        " SLO ✗ 1 p95<300ms ✓ 241ms p99<300 ✗ 2.31s err<1% ✓ 0.12% GEN ✓ HOST ✓ DB ! lock 38",
        " SLO ✗ 1   p99<300 ✗ 2.31s   GEN ✓   DB ! lock 38",
        " SLO   p95<300ms ✓ 241ms   err ! 0.37%   GEN ✓   HOST ✓   DB ! lock 38",
    ]


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (_GOOD, (Health.GOOD, "241ms")),
        (_BAD, (Health.BAD, "2.31s")),
        (replace(_BAD, is_failing=False, observed=12.0), (Health.BAD, "12ms now")),
        (replace(_BAD, observed=None), (Health.BAD, "no data")),
        (replace(_GOOD, observed=285.0), (Health.WARN, "285ms")),
        (replace(_GOOD, standing=Standing.PENDING, observed=None), (Health.UNKNOWN, "")),
        (replace(_GOOD, standing=Standing.NO_DATA, observed=None), (Health.UNKNOWN, "")),
        (
            _verdict("checks", "rate > 99%", 1.0, limit=0.99, unit=Unit.RATIO),
            (Health.GOOD, "100%"),
        ),
    ],
)
def test_the_light_of_a_threshold(verdict: Verdict, expected: tuple[Health, str]) -> None:
    assert threshold_health(verdict) == expected


_SLOW = firing()
_ERRORS = firing(name="errors", level=AlertLevel.CRITICAL, observed=0.012, unit=Unit.RATIO)


def test_alerts_that_fire_come_first_and_the_most_urgent_stays_longest() -> None:
    frame = replace(_jammed(), verdicts=(_GOOD, _BAD), alerts=(_SLOW, _ERRORS))
    assert [
        _status(frame, width=120),
        _status(frame, width=80),
        _status(frame, width=60),
        _status(replace(frame, alerts=(replace(_SLOW, is_firing=False),)), width=80),
    ] == [
        " ALERT 2 ✗ CRIT errors 1.2% ! WARN slow 512ms SLO ✗ 1 p95<300ms ✓ 241ms"
        " p99<300 ✗ 2.31s err ! 0.37% GEN ✓ DB ! lock 38",
        " ALERT 2 ✗ CRIT errors 1.2%   SLO ✗ 1   p99<300 ✗ 2.31s   GEN ✓   DB ! lock 38",
        " ALERT 2 ✗ CRIT errors 1.2%   SLO ✗ 1   GEN ✓   DB ! lock 38",
        " SLO ✗ 1 p95<300ms ✓ 241ms p99<300 ✗ 2.31s err ! 0.37% GEN ✓ HOST ✓ DB ! lock 38",
    ]


def test_an_alert_that_was_seen_makes_way_for_one_that_was_not() -> None:
    seen = replace(_ERRORS, is_acknowledged=True)
    frame = replace(_jammed(), alerts=(seen, _SLOW))
    assert _status(frame, width=120).startswith(
        " ALERT 2 ! WARN slow 512ms ✗ seen errors 1.2% p95 386 ms"
    )


def test_the_lights_of_alerts_need_neither_colour_nor_more_than_ascii() -> None:
    hostile = firing(name="a\x1b[31m→" + "x" * 40, level=AlertLevel.INFO, observed=None)
    parts = alert_lights((_SLOW, _ERRORS, hostile), ASCII_LOOK)
    texts = [line.text for _, line in parts]
    assert texts == [
        "ALERT 3 X CRIT errors 1.2%",
        "! WARN slow 512ms",
        "! INFO a?[31m>xxxxxxxxxxxx~",
    ]
    assert all(text.isascii() for text in texts)


def _generator() -> GeneratorReading:
    generator = _frames()[116].generator
    assert generator is not None
    return generator


def _host() -> HostReading:
    host = _frames()[116].host
    assert host is not None
    return host


def _postgres() -> PostgresReading:
    postgres = _frames()[116].postgres
    assert postgres is not None
    return postgres


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (Health.GOOD, "")),
        ({"cpu_percent": 91.0}, (Health.WARN, "cpu 91%")),
        ({"limited": True, "cpu_percent": 99.0}, (Health.BAD, "LIMIT")),
    ],
)
def test_the_generators_light(changes: dict[str, object], expected: tuple[Health, str]) -> None:
    assert generator_health(replace(_generator(), **changes)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"cpu_percent": 50.0}, (Health.GOOD, "")),
        ({"cpu_percent": 93.0}, (Health.WARN, "cpu 93%")),
        (
            {"cpu_percent": 93.0, "memory_used_bytes": 99, "memory_total_bytes": 100},
            (Health.BAD, "mem 99%"),
        ),
        ({"cpu_percent": 5.0, "descriptors": 92, "descriptor_limit": 100}, (Health.WARN, "fd 92%")),
    ],
)
def test_the_hosts_light_names_what_runs_out_first(
    changes: dict[str, object], expected: tuple[Health, str]
) -> None:
    assert host_health(replace(_host(), **changes)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (Health.WARN, "lock 38")),
        ({"blocked_sessions": 0}, (Health.GOOD, "")),
        (
            {
                "blocked_sessions": 0,
                "connections_used": 96,
                "connections_max": 100,
                "connections_reserved": 3,
            },
            (Health.WARN, "conn 96/100"),
        ),
        ({"blocked_sessions": None, "connections_used": None}, (Health.GOOD, "")),
        ({"state": PostgresState.CONNECTING}, (Health.UNKNOWN, "connecting")),
        ({"state": PostgresState.DOWN}, (Health.BAD, "down")),
        ({"state": PostgresState.REFUSED}, (Health.BAD, "refused")),
        ({"state": PostgresState.SLOW}, (Health.BAD, "slow")),
    ],
)
def test_the_databases_light(changes: dict[str, object], expected: tuple[Health, str]) -> None:
    assert database_health(replace(_postgres(), **changes)) == expected


def test_what_is_not_watched_has_no_light_at_all() -> None:
    unknown = (Health.UNKNOWN, "")
    assert generator_health(None) == host_health(None) == database_health(None) == unknown


@pytest.mark.parametrize("width", [10, 30, 60, 80, 120])
def test_rows_fit_any_width(width: int) -> None:
    frame = _jammed(throttles=(_throttle(), _throttle(lever=Lever.RATE)))
    active = ("shop", Lever.VUS)
    assert len(_status(frame, width=width)) <= width
    assert throttle_line(frame, width=width, look=DEFAULT_LOOK, active=active).width <= width
    assert plan_line(frame, frame.events, width=width, look=DEFAULT_LOOK).width <= max(width, 30)


def test_the_plan_shows_what_is_left_and_what_was_done_on_the_way() -> None:
    frame = _frames()[150]
    assert plan_line(frame, frame.events, width=60, look=DEFAULT_LOOK).text == (
        " plan ━━━━▲━━━━━━━━┆━━━━━━━━━━━━━━┆━━━────── 30s of 3m left"
    )
    endless = replace(frame, duration_s=None)
    assert plan_line(endless, frame.events, width=60, look=DEFAULT_LOOK).text == (
        " plan ───▲──────┆──────────┆── 2m30s so far, no planned end"
    )
    ended = replace(frame, state=RunState.ENDED)
    assert plan_line(ended, (), width=40, look=DEFAULT_LOOK).text == (
        " plan ━━━━━━━━━━━━─── ended after 2m30s"
    )


def test_what_asks_for_attention_has_its_own_ink() -> None:
    row = header_line(
        _jammed(state=RunState.PAUSED), width=80, look=DEFAULT_LOOK, age_s=0, viewer="", frozen=True
    )
    inks = dict(row.spans)
    assert inks["LOAD PAUSED"] is Ink.ALARM
    assert inks["DISPLAY FROZEN"] is Ink.ALARM


STAGES = (
    StageSpan(kind="ramp up", start_s=0.0, end_s=60.0, target=150.0),
    StageSpan(kind="steady", start_s=60.0, end_s=150.0, target=150.0),
    StageSpan(kind="ramp down", start_s=150.0, end_s=180.0, target=0.0),
)


def _staged(**changes: Any) -> Frame:
    throttle = _throttle(**({"stages": STAGES, "stage": 1} | changes))
    return replace(_frames()[100], throttles=(throttle,), events=())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "stage 2/3 steady"),
        ({"held": True}, "HELD stage 2/3 steady"),
        ({"off_plan": True}, "OFF PLAN stage 2/3 steady"),
        ({"replays": True}, "REPLAY stage 2/3 steady"),
    ],
)
def test_the_header_says_which_stage_it_is_and_whether_the_plan_is_followed(
    changes: dict[str, Any], words: str
) -> None:
    assert f"  {words}  " in _header(_staged(**changes), width=100)


def test_the_plan_has_its_stages_borders_and_what_is_left_of_the_present_one() -> None:
    assert plan_line(_staged(), (), width=80, look=DEFAULT_LOOK).text == (
        " plan ━━━━━━━━━━━┃━━━━━━─────────┃───── stage 2/3 steady 50s · 1m20s of 3m left"
    )
    held = replace(_staged(held=True), duration_s=None)
    assert plan_line(held, (), width=60, look=DEFAULT_LOOK).text == (
        " plan ━━━━━━━━━━┃━━━━━━────────┃───── HELD stage 2/3 steady"
    )


def test_a_lever_says_that_it_is_off_the_plan_replays_or_has_not_begun() -> None:
    assert progress_words(_throttle(off_plan=True)) == "OFF PLAN eta 8s"
    assert progress_words(_throttle(off_plan=True, eta_s=0.0)) == "OFF PLAN"
    assert progress_words(_throttle(begins_in_s=12.4)) == "in 12s"
    assert progress_words(_throttle(replays=True, eta_s=0.0)) == "REPLAY"


def test_the_finders_row_says_where_it_is_and_why() -> None:
    state = PilotState(
        kind=PilotKind.FINDER,
        phase=PilotPhase.BISECT,
        scenario="main",
        lever=Lever.RATE,
        aim="p95<300ms",
        load=340.0,
        why="6 s of 10 to 18 s seen",
        step=7,
        low=300.0,
        high=380.0,
        observed="p95<300ms is 241ms",
        eta_s=48.0,
    )
    line = pilot_line(state, width=100, look=DEFAULT_LOOK).text.rstrip()
    assert line == (
        " FINDER bisect 7  340/s  [300, 380]  p95<300ms is 241ms  6 s of 10 to 18 s seen  eta 48s"
        "  C ends it"
    )
    narrow = pilot_line(state, width=60, look=DEFAULT_LOOK).text
    assert "340/s" in narrow
    assert "C ends it" in narrow
    over = replace(state, phase=PilotPhase.OVER, why="at least 40/s")
    assert pilot_line(over, width=60, look=DEFAULT_LOOK).text.strip() == "FINDER at least 40/s"
