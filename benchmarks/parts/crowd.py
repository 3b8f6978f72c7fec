"""What 10,000 virtual users cost who think for a second between two requests."""

from benchmarks.cost import Cost, Window
from benchmarks.exact_target import exact_target
from benchmarks.generators import (
    K6_CROWD,
    LOCUST_CROWD,
    VUMETER_CROWD,
    Errand,
    Generator,
    installed,
    missing_notes,
)
from benchmarks.results import Column, Part, Row, Spread, at_most, spread
from benchmarks.rounds import Bench

VUS = 10_000
SERVICE_MS = 20
IDEAL_PER_S = VUS / (1 + SERVICE_MS / 1000)
_RAMP_S = 5
_WINDOW = Window(settling_s=2.0 * _RAMP_S, seconds=10.0)
_GENERATORS = (VUMETER_CROWD, K6_CROWD, LOCUST_CROWD)

_COLUMNS = (
    Column(key="rate_per_s", heading="requests/s", form=",.0f"),
    Column(key="busy_ratio", heading="of a core", form=".0%"),
    Column(key="memory_mb", heading="memory, MB", form=",.0f"),
    Column(key="kb_per_vu", heading="kB a VU", form=",.1f"),
    Column(key="p99_ms", heading="its p99, ms", form=",.1f"),
    Column(key="true_p99_ms", heading="the target's p99, ms", form=",.1f"),
)


def measured(bench: Bench) -> Part:
    """Return the answer; each generator is measured once, for 20 s."""
    rows = [_row(generator, bench) for generator in installed(_GENERATORS)]
    ours = rows[0].figures
    p99_error = abs(ours["p99_ms"].median / ours["true_p99_ms"].median - 1)
    return Part(
        key="crowd",
        title="10,000 virtual users who think",
        how=f"{VUS:,} VUs, each with a connection of its own, send a GET, wait for a server that "
        f"takes {SERVICE_MS} ms, and think for a second: {IDEAL_PER_S:,.0f} requests/s at best. "
        f"The window of {_WINDOW.seconds:.0f} s begins {_WINDOW.settling_s:.0f} s after the first "
        "request. Memory is that of all processes, shared pages counted once (PSS). The "
        "percentiles are of the whole run; the target's are its own service times.",
        columns=_COLUMNS,
        rows=tuple(rows),
        bars=(
            at_most("vumeter, memory in MB", ours["memory_mb"].median, 150, form=".0f"),
            at_most("vumeter, of a core", ours["busy_ratio"].median, 0.4, form=".0%"),
            at_most("vumeter, p99 off the target's", p99_error, 0.1, form=".1%"),
        ),
        notes=missing_notes(_GENERATORS),
    )


def _row(generator: Generator, bench: Bench) -> Row:
    def attempt() -> tuple[Cost, float]:
        with exact_target(f"fixed:{SERVICE_MS}ms", core=bench.target_core) as target:
            errand = Errand(url=target.url, seconds=_WINDOW.told_s, connections=VUS, ramp_s=_RAMP_S)
            cost = bench.run(generator, errand, target=target, window=_WINDOW)
            return cost, target.service_ms()["p99"]

    cost, true_p99_ms = bench.undisturbed(attempt)
    bench.say(f"{generator.name:24} {cost.rate_per_s:10,.0f}/s")
    return Row(name=generator.name, figures=_figures(cost, true_p99_ms))


def _figures(cost: Cost, true_p99_ms: float) -> dict[str, Spread]:
    figures = {
        "rate_per_s": cost.rate_per_s,
        "busy_ratio": cost.busy_ratio,
        "memory_mb": cost.memory_bytes / 1e6,
        "kb_per_vu": cost.memory_bytes / VUS / 1e3,
        "p99_ms": cost.own_words["p99_ms"],
        "true_p99_ms": true_p99_ms,
    }
    return {key: spread([value]) for key, value in figures.items()}
