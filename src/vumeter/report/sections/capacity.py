"""The summary's section on searches for the capacity."""

from textwrap import wrap

from vumeter.model.pilot import Finding, LoadPoint, Outcome, StepVerdict, Usl
from vumeter.model.summary import Summary
from vumeter.pilot.findings import load_text
from vumeter.report.numbers import compact, ratio_text, three_digits
from vumeter.report.sections.lines import TEXT_WIDTH, Ink
from vumeter.stats.plaintext import fitted, plain
from vumeter.thresholds.words import short_text
from vumeter.units import duration_text

CURVE_LINES = 24
_LABEL_WIDTH = 14
_WELL = (Outcome.FOUND, Outcome.GENERATOR, Outcome.GUARD_RAIL)
_SIGNS = {StepVerdict.HELD: "✓", StepVerdict.FAILED: "✗", StepVerdict.GENERATOR: "?"}


def capacity(summary: Summary, ink: Ink) -> list[str]:
    """Each search's answer, how sure it is, what the limit was, and the response-time curve."""
    return [line for found in summary.findings for line in _finding(found, ink)]


def _finding(found: Finding, ink: Ink) -> list[str]:
    answer = ink.good if found.outcome in _WELL else ink.bad
    slos = ", ".join(map(short_text, found.slos))
    lines = ["  " + ink.heading(fitted(f"CAPACITY  {plain(found.scenario)}: {plain(slos)}", 96))]
    lines = [lines[0].rstrip()]
    for index, part in enumerate(wrap(plain(found.text), TEXT_WIDTH - _LABEL_WIDTH - 4)):
        lines.append(f"    {'answer' if index == 0 else '':{_LABEL_WIDTH}}{answer(part)}")
    facts = {
        "knee": "" if found.knee is None else f"at {load_text(found.knee, found.lever)}",
        "saturated": found.saturated or "nothing that was watched",
        "recovery": _recovery(found),
        "scalability": "" if found.usl is None else _usl(found.usl),
        "took": f"{duration_text(round(found.took_s))}, {len(found.curve)} steps",
    }
    lines += [f"    {label:{_LABEL_WIDTH}}{text}" for label, text in facts.items() if text]
    lines += [f"    {'':{_LABEL_WIDTH}}{plain(remark)}" for remark in found.remarks]
    return [*lines, _head(ink), *(_point(each, found) for each in found.curve[-CURVE_LINES:])]


def _recovery(found: Finding) -> str:
    if found.recovered_s is None:
        return "" if found.outcome is Outcome.INTERRUPTED else "not seen"
    return "at once" if found.recovered_s < 1 else f"after {found.recovered_s:.0f} s"


def _usl(usl: Usl) -> str:
    peak = "no peak in sight"
    if usl.peak_per_s is not None:
        where = "" if usl.peak_in_flight is None else f" with {usl.peak_in_flight:.3g} in flight"
        peak = f"peak {compact(usl.peak_per_s)} rps{where}"
    return (
        f"USL λ={usl.lambda_per_s:.3g}/s σ={usl.sigma:.3g} κ={usl.kappa:.2g}, {peak}"
        f" (R² {usl.r_squared:.2f}, {usl.points} steps)"
    )


def _head(ink: Ink) -> str:
    columns = ("load", "rps", "in flight", "p50 ms", "p95 ms", "p99 ms", "errors")
    return "    " + ink.heading("  " + "".join(f"{column:>10}" for column in columns))


def _point(point: LoadPoint, found: Finding) -> str:
    cells = [
        load_text(point.load, found.lever),
        compact(point.requests_per_s),
        three_digits(point.in_flight),
        *("-" if ms is None else three_digits(ms) for ms in (point.p50_ms, point.p95_ms)),
        "-" if point.p99_ms is None else three_digits(point.p99_ms),
        ratio_text(point.error_ratio),
    ]
    notes = [] if point.is_steady else ["not steady"]
    notes += ["within its noise"] if point.is_marginal else []
    return (
        f"    {_SIGNS[point.verdict]} {''.join(f'{cell:>10}' for cell in cells)}"
        f"  {', '.join(notes)}"
    ).rstrip()
