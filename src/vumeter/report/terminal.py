"""
A run for people at a terminal: a line a second while it lasts, and the summary at the end.

The summary keeps k6's order and names, so that eyes find what they know: thresholds, checks,
http, execution, network. What k6 has not follows: generator, journal, host, database, remarks.
"""

from collections.abc import Callable

from vumeter.model.frame import Frame, PhaseStanding, PhaseState, RunState
from vumeter.model.measure import ErrorKind
from vumeter.model.pilot import PilotState
from vumeter.model.summary import Summary
from vumeter.model.throttle import Lever
from vumeter.pilot.findings import load_text
from vumeter.report.compared.words import comparison
from vumeter.report.numbers import clock_text, compact, three_digits
from vumeter.report.sections import around, judged, load
from vumeter.report.sections.capacity import capacity
from vumeter.report.sections.lines import Ink
from vumeter.stats.plaintext import fitted, plain
from vumeter.units import duration_text as span_text

WIDTH = 100

SECTIONS: tuple[Callable[[Summary, Ink], list[str]], ...] = (
    around.title,
    capacity,
    comparison,
    judged.thresholds,
    judged.checks,
    judged.custom,
    load.http,
    load.endpoints,
    load.slowest,
    load.execution,
    load.network,
    around.setup,
    around.teardown,
    around.generator,
    judged.alerts,
    around.journal,
    around.host,
    around.postgres,
    around.remarks,
)
SECTIONS_WITHOUT_LOAD = (
    around.title,
    around.setup,
    around.teardown,
    around.journal,
    around.remarks,
)
"""Of a run in which there was none: tables of zeros would say that there was."""


def progress_line(frame: Frame) -> str:
    """
    Return the second that has just ended in one plain line of at most `WIDTH` columns.

    Rate and percentiles are over the last ten seconds, as on the cockpit; errors and
    dropped iterations are counted since the start.
    """
    if (phase := _present_phase(frame)) is not None:
        return _phase_line(frame, phase)
    if frame.pilot is not None and not frame.pilot.is_over:
        return fitted(_piloted_line(frame, frame.pilot), WIDTH).rstrip()
    line = _line(frame, with_targets=True)
    if len(line) <= WIDTH:
        return line
    # Alignment goes before what was asked for, and that before anything that was measured.
    line = " ".join(line.split())
    return line if len(line) <= WIDTH else " ".join(_line(frame, with_targets=False).split())


def _present_phase(frame: Frame) -> PhaseState | None:
    if frame.state is RunState.TEARING_DOWN:
        return frame.teardown
    is_first = frame.setup is not None and frame.setup.standing is PhaseStanding.RUNNING
    return frame.setup if is_first else None


def _phase_line(frame: Frame, phase: PhaseState) -> str:
    return (
        f"{clock_text(phase.elapsed_s)} {frame.state.value}, at most"
        f" {span_text(phase.timeout_s)}: requests {compact(phase.total.requests):<5}"
        f" err {compact(phase.total.errors)}"
    )


def _line(frame: Frame, *, with_targets: bool) -> str:
    vus = sum(state.actual for state in frame.throttles if state.lever is Lever.VUS)
    generator = "-" if frame.generator is None else "LIMIT" if frame.generator.limited else "ok"
    return (
        f"{clock_text(frame.elapsed_s)} {frame.state.value:<7} "
        f"vu {_of_target(vus, frame, Lever.VUS, with_targets):<7} "
        f"rps {_of_target(frame.window.requests_per_s, frame, Lever.RATE, with_targets):<7} "
        f"{_percentiles(frame):<29} "
        f"err {compact(_errors(frame)):<5} drop {compact(frame.dropped):<4} gen {generator}"
    )


def _piloted_line(frame: Frame, pilot: PilotState) -> str:
    """What counts while the finder or the cruise control drives: where it is, and why."""
    latency = frame.window.latency
    known = "" if latency is None else f"p95 {_ms(latency.p95_us)} ms "
    generator = "" if frame.generator is None or not frame.generator.limited else "gen LIMIT "
    step = f" {pilot.step}" if pilot.step else ""
    between = ""
    if pilot.low is not None or pilot.high is not None:
        ends = ("…" if each is None else three_digits(each) for each in (pilot.low, pilot.high))
        between = f" of {'–'.join(ends)}"
    return (
        f"{clock_text(frame.elapsed_s)} rps {compact(frame.window.requests_per_s)} {known}"
        f"err {compact(_errors(frame))} {generator}| {pilot.phase}{step} at"
        f" {load_text(pilot.load, pilot.lever)}{between}: {plain(pilot.why)}"
    )


def _errors(frame: Frame) -> int:
    """Errors of requests, and exceptions of scripts."""
    raised = sum(error.total for error in frame.errors if error.kind is ErrorKind.SCRIPT)
    return frame.total.errors + raised


def summary_text(summary: Summary, *, colour: bool) -> str:
    """
    Return the whole run in lines of at most `WIDTH` columns, ending in a line break.

    Colour repeats what signs and words say; without it nothing is lost. No character of a
    target, a database or an operator reaches the terminal's control sequences.
    """
    ink = Ink(colour)
    had_load = summary.duration_s > 0 or summary.setup is None
    sections = SECTIONS if had_load else SECTIONS_WITHOUT_LOAD
    blocks = [lines for section in sections if (lines := section(summary, ink))]
    return "\n" + "\n\n".join("\n".join(lines) for lines in blocks) + "\n"


def _of_target(actual: float, frame: Frame, lever: Lever, with_target: bool) -> str:
    """What a lever has reached, and what was asked for where that is something else."""
    targets = [state.requested for state in frame.throttles if state.lever is lever]
    reached, asked = compact(actual), compact(sum(targets))
    return f"{reached}/{asked}" if with_target and targets and asked != reached else reached


def _percentiles(frame: Frame) -> str:
    latency = frame.window.latency
    if latency is None:
        return "nothing answered in 10 s"
    return f"p50 {_ms(latency.p50_us)} p95 {_ms(latency.p95_us)} p99 {_ms(latency.p99_us)} ms"


def _ms(us: int) -> str:
    return three_digits(us / 1000) if us < 99_999_500 else compact(us / 1000)
