"""
A run for people at a terminal: a line a second while it lasts, and the summary at the end.

The summary keeps k6's order and names, so that eyes find what they know: http, execution,
network. What k6 has not follows: generator, journal, host, database, remarks.
"""

from vumeter.model.frame import Frame
from vumeter.model.summary import Summary
from vumeter.model.throttle import Lever
from vumeter.report.numbers import clock_text, compact, ratio_text, three_digits
from vumeter.report.sections import SECTIONS, Ink

WIDTH = 100


def progress_line(frame: Frame) -> str:
    """
    Return the second that has just ended in one plain line of at most `WIDTH` columns.

    Rate, percentiles (ms) and the share of errors are over the last ten seconds, as on
    the cockpit; errors and dropped iterations are counted since the start.
    """
    window = frame.window
    generator = "-" if frame.generator is None else "LIMIT" if frame.generator.limited else "ok"
    return (
        f"{clock_text(frame.elapsed_s)} {frame.state.value:<8} "
        f"VU {_moved(frame, Lever.VUS, actual=None):<9} "
        f"rps {_moved(frame, Lever.RATE, actual=window.requests_per_s):<9} "
        f"{_percentiles(frame)}  "
        f"err {ratio_text(window.error_ratio):>6} {compact(frame.total.errors):<5} "
        f"drop {compact(frame.dropped):<4} gen {generator}"
    )


def summary_text(summary: Summary, *, colour: bool) -> str:
    """
    Return the whole run in lines of at most `WIDTH` columns, ending in a line break.

    Colour repeats what signs and words say; without it nothing is lost. No character of a
    target, a database or an operator reaches the terminal's control sequences.
    """
    ink = Ink(colour)
    blocks = [lines for section in SECTIONS if (lines := section(summary, ink))]
    return "\n" + "\n\n".join("\n".join(lines) for lines in blocks) + "\n"


def _moved(frame: Frame, lever: Lever, *, actual: float | None) -> str:
    """What a lever has reached, of what was asked for where the two differ."""
    states = [state for state in frame.throttles if state.lever is lever]
    if actual is None:
        actual = sum(state.actual for state in states)
    requested = sum(state.requested for state in states)
    if not states or compact(requested) == compact(actual):
        return compact(actual)
    return f"{compact(actual)}/{compact(requested)}"


def _percentiles(frame: Frame) -> str:
    latency = frame.window.latency
    if latency is None:
        return "p50     - p95     - p99     - ms"
    return (
        f"p50 {_ms(latency.p50_us):>5} p95 {_ms(latency.p95_us):>5} p99 {_ms(latency.p99_us):>5} ms"
    )


def _ms(us: int) -> str:
    return three_digits(us / 1000) if us < 99_999_500 else compact(us / 1000)
