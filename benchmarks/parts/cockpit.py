"""What the cockpit costs: CPU, and bytes to the terminal."""

from benchmarks import cockpit
from benchmarks.results import Column, Part, Row, at_most, spread
from benchmarks.rounds import Bench

_SIZE = (120, 40)
_SECONDS = 10.0
_COLUMNS = (
    Column(key="cpu_percent", heading="% of a core", form=".1f", shows_spread=True),
    Column(key="kb_per_s", heading="kB/s to the terminal", form=".1f", shows_spread=True),
)


def measured(bench: Bench) -> Part:
    """Return the answer."""
    width, height = _SIZE
    inside = ["--endpoints", "5", "--frames-per-s", "1"]
    costs = [
        cockpit.measured(width, height, seconds=_SECONDS, inside=inside)
        for _ in range(bench.rounds)
    ]
    cpu_percent = spread(cost.cpu_percent for cost in costs)
    kb_per_s = spread(cost.kb_per_s for cost in costs)
    return Part(
        key="cockpit",
        title="The cockpit by itself",
        how=f"The real cockpit on a pseudo-terminal, fed with a made-up run of 5 endpoints whose "
        f"every number changes once a second, for {_SECONDS:.0f} s.",
        columns=_COLUMNS,
        rows=(
            Row(
                name=f"{width}×{height}",
                figures={"cpu_percent": cpu_percent, "kb_per_s": kb_per_s},
            ),
        ),
        bars=(
            at_most("% of a core", cpu_percent.median, cockpit.BUDGET_CPU_PERCENT),
            at_most("kB/s to the terminal", kb_per_s.median, cockpit.BUDGET_KB_PER_S),
        ),
        rounds=bench.rounds,
    )
