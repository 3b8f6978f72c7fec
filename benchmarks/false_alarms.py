"""
How often a comparison cries wolf, and how often it finds what is there: pairs of made-up runs.

    python -m benchmarks.false_alarms [PAIRS]

The runs are drawn from a real one, in blocks of its seconds, so that noise, bursts and what
neighbours have in common stay as they were: eight minutes of 60 requests/s to nine paths of 18 to
110 ms, on a machine of two cores with a load average of 15. Each made-up run takes ten minutes. Of
a pair the second is the first one's like, or has all of its times multiplied by 1.1.
"""

import gzip
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vumeter.model.comparison import Metric
from vumeter.stats.histogram import bucket_index, highest_us
from vumeter.stats.numeric.differences import adjusted, differences
from vumeter.stats.windows import Windows
from vumeter.thresholds.budgets import allowed
from vumeter.thresholds.comparing import ALPHA

DATA = Path(__file__).parents[1] / "tests/stats/numeric/data/real_windows.json.gz"
SLOWER = 1.1
_RUN_S = 600
_WINDOW_S = 2
_BLOCK_S = 10
"""So long a stretch of the real run stays together."""

Second = tuple[int, int, dict[int, int]]
"""Requests, errors, and response times by bucket."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of so many pairs."""

    pairs: int
    false_alarms: int
    """Pairs without a difference in which anything at all was called better or worse."""
    found: int
    """Pairs with one whose p95 was called worse."""


def seconds(path: Path = DATA) -> list[Second]:
    """Return the seconds of the real run."""
    rows = json.loads(gzip.decompress(path.read_bytes()))
    return [(requests, errors, dict(counts)) for requests, errors, counts in rows]


def outcome(pairs: int, *, seed: int = 7) -> Outcome:
    """Return what becomes of so many pairs of each kind."""
    real = seconds()
    slow = [(requests, errors, _slower(counts)) for requests, errors, counts in real]
    chance = random.Random(seed)
    false_alarms = found = 0
    for _ in range(pairs):
        before = _run(real, chance)
        false_alarms += bool(_called(before, _run(real, chance)))
        found += Metric.P95 in _called(before, _run(slow, chance))
    return Outcome(pairs, false_alarms, found)


def _run(source: Sequence[Second], chance: random.Random) -> Windows:
    drawn: list[Second] = []
    while len(drawn) < _RUN_S:
        start = chance.randrange(len(source))
        drawn += [source[(start + each) % len(source)] for each in range(_BLOCK_S)]
    windows = [drawn[at : at + _WINDOW_S] for at in range(0, _RUN_S, _WINDOW_S)]
    return Windows(
        histograms=[_together(window) for window in windows],
        requests=[sum(second[0] for second in window) for window in windows],
        errors=[sum(second[1] for second in window) for window in windows],
        seconds=[float(_WINDOW_S)] * len(windows),
    )


def _together(window: Sequence[Second]) -> dict[int, int]:
    found: dict[int, int] = {}
    for _, _, counts in window:
        for index, number in counts.items():
            found[index] = found.get(index, 0) + number
    return found


def _slower(counts: dict[int, int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for index, number in counts.items():
        moved = bucket_index(round(highest_us(index) * SLOWER))
        found[moved] = found.get(moved, 0) + number
    return found


def _called(a: Windows, b: Windows) -> set[Metric]:
    """Return what is called better or worse, with the usual budgets."""
    found = differences(a, b, is_paired=True)
    chances = adjusted([each.p for each in found.values()])
    return {
        metric
        for (metric, each), p in zip(found.items(), chances, strict=True)
        if p < ALPHA and abs(each.change) > allowed((), metric, "")
    }


def main() -> None:
    """Print what becomes of as many pairs as are asked for."""
    it = outcome(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
    print(f"{it.pairs} pairs without a difference: {it.false_alarms / it.pairs:.1%} false alarms")
    print(f"{it.pairs} pairs with p95 +10 %: {it.found / it.pairs:.1%} found")


if __name__ == "__main__":
    main()
