"""All parts of the benchmark, in the order in which they are told."""

from collections.abc import Callable, Mapping

from benchmarks.parts import cockpit, crowd, interference, percentiles, start_up, workers
from benchmarks.parts.arrivals import ARRIVALS
from benchmarks.parts.throughput import COMPARISONS
from benchmarks.results import Part
from benchmarks.rounds import Bench

Measurement = Callable[[Bench], Part]

PARTS: Mapping[str, Measurement] = {
    **{comparison.key: comparison.measured for comparison in COMPARISONS},
    "workers": workers.measured,
    "crowd": crowd.measured,
    **{arrivals.key: arrivals.measured for arrivals in ARRIVALS},
    "percentiles": percentiles.measured,
    "start-up": start_up.measured,
    "interference": interference.measured,
    "cockpit": cockpit.measured,
}
