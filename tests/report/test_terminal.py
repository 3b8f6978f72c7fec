"""The run as a person at a terminal reads it."""

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from vumeter.model.alert import AlertLevel
from vumeter.model.frame import Figures, Frame, Latency, RunState, StopCause
from vumeter.model.measure import ErrorKind, GeneratorReading
from vumeter.model.pilot import PilotKind, PilotPhase, PilotState
from vumeter.model.plan import Threshold
from vumeter.model.summary import Summary
from vumeter.model.throttle import Lever, ThrottleState
from vumeter.report.terminal import WIDTH, progress_line, summary_text
from vumeter.stats.plaintext import cells
from vumeter.testing.alerts import firing

GOLDENS = Path(__file__).parent / "data"
STYLE = re.compile(r"\x1b\[[\d;]*m")


def test_an_open_run_reads_in_k6s_order_and_then_tells_what_k6_has_not(
    full_summary: Summary,
) -> None:
    assert summary_text(full_summary, colour=False) == (GOLDENS / "full.txt").read_text()


def test_a_run_in_which_nothing_happened_claims_nothing(bare_summary: Summary) -> None:
    assert summary_text(bare_summary, colour=False) == (GOLDENS / "bare.txt").read_text()


def test_colour_says_nothing_that_is_not_written_too(full_summary: Summary) -> None:
    coloured = summary_text(full_summary, colour=True)

    assert STYLE.search(coloured)
    assert STYLE.sub("", coloured) == summary_text(full_summary, colour=False)


@pytest.mark.parametrize("colour", [True, False])
def test_nothing_that_others_wrote_reaches_the_terminals_controls(
    full_summary: Summary, colour: bool
) -> None:
    evil = "\x1b]0;own\x07\x9b2J\r\n\u202e"
    assert full_summary.postgres is not None
    hostile = msgspec.structs.replace(
        full_summary,
        plan=msgspec.structs.replace(full_summary.plan, name=evil),
        endpoints={evil: full_summary.total, f"{evil}2": full_summary.total},
        checks={evil: (1, 1)},
        metrics=tuple(
            msgspec.structs.replace(metric, name=evil) for metric in full_summary.metrics
        ),
        verdicts=tuple(
            msgspec.structs.replace(each, threshold=Threshold(metric=evil, expression=evil))
            for each in full_summary.verdicts
        ),
        postgres=msgspec.structs.replace(
            full_summary.postgres, server_version=evil, remark=evil * 40
        ),
        journal=tuple(
            msgspec.structs.replace(
                entry,
                effect=evil,
                command=msgspec.structs.replace(entry.command, author=evil, note=evil),
            )
            for entry in full_summary.journal
        ),
        remarks=(evil,),
        generator=msgspec.structs.replace(full_summary.generator, reasons=(evil,)),
    )

    text = STYLE.sub("", summary_text(hostile, colour=colour))

    assert not [each for each in text if each != "\n" and not each.isprintable()]
    assert len(text.splitlines()) == text.count("\n")


def test_no_line_of_a_large_run_is_wider_than_a_hundred_columns(full_summary: Summary) -> None:
    large = Figures(
        requests=12_345_678_901,
        requests_per_s=199_999.94,
        errors=12_345_678_900,
        errors_by_kind={ErrorKind.TIMEOUT_RESPONSE: 12_345_678_900},
        statuses={200: 1},
        sent_bytes=10**15,
        received_bytes=10**15,
        latency=Latency(
            min_us=3_600_000_000,
            mean_us=3_600_000_000,
            p50_us=3_600_000_000,
            p90_us=3_600_000_000,
            p95_us=3_600_000_000,
            p99_us=3_600_000_000,
            p99_9_us=3_600_000_000,
            max_us=3_600_000_000,
        ),
    )
    summary = msgspec.structs.replace(
        full_summary,
        plan=msgspec.structs.replace(full_summary.plan, name="n" * 150),
        total=large,
        service=large,
        endpoints={"東京" * 40: large, "GET /": large},
        remarks=("x" * 300,),
        checks={"東京" * 60: (10**12, 10**12)},
        verdicts=tuple(
            msgspec.structs.replace(
                each, threshold=Threshold(metric="m" * 200, expression="e < " + "1" * 200)
            )
            for each in full_summary.verdicts
        ),
        journal=tuple(
            msgspec.structs.replace(entry, effect="y" * 300) for entry in full_summary.journal
        ),
        duration_s=1e7,
    )

    assert max(map(cells, summary_text(summary, colour=False).splitlines())) <= WIDTH


def test_a_long_journal_shows_its_newest_entries_and_how_many_it_leaves_out(
    full_summary: Summary,
) -> None:
    first = full_summary.journal[0]
    entries = tuple(
        msgspec.structs.replace(first, id=number, effect=f"effect-{number:03}")
        for number in range(100)
    )
    text = summary_text(msgspec.structs.replace(full_summary, journal=entries), colour=False)

    assert "70 earlier ones are in the JSON report" in text
    assert "effect-069" not in text
    assert "effect-070" in text
    assert "effect-099" in text


@pytest.mark.parametrize("stop", StopCause)
def test_every_way_to_end_has_its_words(bare_summary: Summary, stop: StopCause) -> None:
    title = summary_text(msgspec.structs.replace(bare_summary, stop=stop), colour=False)

    assert title.splitlines()[1].count(" · ") == 3


def frame(
    *,
    elapsed_s: float = 102.4,
    state: RunState = RunState.RUNNING,
    vus: tuple[float, float] = (10.0, 10.0),
    rate: float | None = None,
    requests_per_s: float = 412.3,
    errors: int = 29,
    dropped: int = 0,
    latency: Latency | None = None,
    limited: bool | None = False,
) -> Frame:
    figures = Figures(
        requests=4_123,
        requests_per_s=requests_per_s,
        errors=errors,
        errors_by_kind={},
        statuses={},
        sent_bytes=0,
        received_bytes=0,
        latency=latency,
    )
    levers = [(Lever.VUS, *vus)]
    if rate is not None:
        levers.append((Lever.RATE, requests_per_s, rate))
    return Frame(
        run="shop",
        target="http://127.0.0.1:8000",
        state=state,
        stop_cause=None,
        second=102,
        at_unix_ms=0,
        started_unix_ms=0,
        elapsed_s=elapsed_s,
        duration_s=None,
        throttles=tuple(
            ThrottleState(
                scenario="main",
                lever=lever,
                requested=requested,
                acknowledged=requested,
                target=requested,
                actual=actual,
                eta_s=0.0,
                held=False,
                limit=1e9,
                step=1.0,
            )
            for lever, actual, requested in levers
        ),
        window=figures,
        total=figures,
        in_flight=0,
        dropped=dropped,
        points=(),
        endpoints=(),
        errors=(),
        generator=None
        if limited is None
        else GeneratorReading(
            limited=limited,
            reasons=("worker 0 was slow",) if limited else (),
            cpu_percent=10.0,
            cpu_total_percent=10.0,
            tick_lag_p99_us=1,
            tick_lag_max_us=1,
            late_start_ratio=0.0,
            descriptors=1,
            descriptor_limit=2,
            rss_bytes=1,
        ),
        host=None,
        postgres=None,
        events=(),
        undo=None,
        redo=None,
        workers_heard=1,
        workers_expected=1,
        viewers=0,
        control="",
    )


def latency(us: int) -> Latency:
    return Latency(
        min_us=us,
        mean_us=us,
        p50_us=us,
        p90_us=us,
        p95_us=us * 2,
        p99_us=us * 3,
        p99_9_us=us * 4,
        max_us=us * 5,
    )


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        pytest.param(
            frame(latency=latency(20_100)),
            "00:01:42 running vu 10      rps 412     p50 20.1 p95 40.2 p99 60.3 ms "
            "err 29    drop 0    gen ok",
            id="calm",
        ),
        pytest.param(
            frame(vus=(142, 150), rate=450.0, latency=latency(300_000), dropped=210),
            "00:01:42 running vu 142/150 rps 412/450 p50 300 p95 600 p99 900 ms    "
            "err 29    drop 210  gen ok",
            id="on the way to its targets",
        ),
        pytest.param(
            frame(state=RunState.PAUSED, limited=None, requests_per_s=0, errors=0),
            "00:01:42 paused  vu 10      rps 0       nothing answered in 10 s      "
            "err 0     drop 0    gen -",
            id="without an answer",
        ),
        pytest.param(
            frame(latency=latency(850), limited=True),
            "00:01:42 running vu 10      rps 412     p50 0.85 p95 1.70 p99 2.55 ms "
            "err 29    drop 0    gen LIMIT",
            id="generator-limited",
        ),
    ],
)
def test_a_second_fits_in_a_line(shown: Frame, line: str) -> None:
    assert progress_line(shown) == line


def test_while_the_finder_drives_a_line_says_where_it_is_and_why() -> None:
    pilot = PilotState(
        kind=PilotKind.FINDER,
        phase=PilotPhase.BISECT,
        scenario="main",
        lever=Lever.RATE,
        aim="p95<300ms",
        load=175.2,
        why="12 s of 10 to 18 s seen",
        step=7,
        low=160.0,
        high=184.0,
    )
    shown = replace(frame(latency=latency(20_100)), pilot=pilot)
    assert progress_line(shown) == (
        "00:01:42 rps 412 p95 40.2 ms err 29 | "
        "bisect 7 at 175/s of 160–184: 12 s of 10 to 18 s seen"
    )
    wordy = replace(shown, pilot=replace(pilot, why="why " * 40))
    assert len(progress_line(wordy)) <= WIDTH
    over = replace(shown, pilot=replace(pilot, phase=PilotPhase.OVER))
    assert progress_line(over).startswith("00:01:42 running vu 10")


FRAMES = st.builds(
    frame,
    elapsed_s=st.floats(0, 1e7),
    # A run that tears down has a line of its own.
    state=st.sampled_from(RunState).filter(lambda state: state is not RunState.TEARING_DOWN),
    vus=st.tuples(st.integers(0, 100_000), st.integers(0, 100_000)),
    rate=st.none() | st.floats(0, 1e6),
    requests_per_s=st.floats(0, 1e6),
    errors=st.integers(0, 10**12),
    dropped=st.integers(0, 10**12),
    latency=st.none() | st.integers(1, 1_200_000_000).map(latency),
    limited=st.none() | st.booleans(),
)


@given(shown=FRAMES)
def test_a_line_never_takes_more_than_a_hundred_columns_and_never_loses_the_verdict(
    shown: Frame,
) -> None:
    line = progress_line(shown)

    assert len(line) <= WIDTH
    assert line.split()[-1] in {"ok", "LIMIT", "-"}


def test_what_fired_is_told_with_how_often_how_long_and_how_bad(bare_summary: Summary) -> None:
    failing = firing(name="errors\x1b[2J", level=AlertLevel.CRITICAL, firings=3, firing_s=12.04)
    quiet = firing(name="memory", is_firing=False, firings=0, first_fired_s=None, worst=None)
    summary = msgspec.structs.replace(bare_summary, alerts=(failing, quiet))
    shown = summary_text(summary, colour=False)
    _, _, section = shown.partition("  ALERTS\n")
    assert section.split("\n\n", 1)[0].splitlines() == [
        "    ! errors\ufffd[2J (critical) fired 3 ×, 12s in all, first at 00:01:11, worst 512ms,"
        " to the end:",
        "      http_req_duration: p(95) > 400ms over 10s",
        "    ✓ quiet: memory",
    ]
