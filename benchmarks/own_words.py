"""What generators say of their own runs: latencies, as read from their reports."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

OwnWords = Mapping[str, float]
"""`p50_ms` … `p99_ms`, and what else there is."""

Reader = Callable[[Path], OwnWords]
"""Reads what a generator left in the folder that it ran in."""

PERCENTS = (50, 90, 95, 99)
TREND_STATS = "p(50),p(90),p(95),p(99)"
"""These, in the words of k6 and k9-load."""


def nothing(folder: Path) -> OwnWords:
    """Return no figures."""
    return {}


def from_vumeter(folder: Path) -> OwnWords:
    """Return what `-o report.json` says."""
    report = json.loads((folder / "report.json").read_text())
    words = {f"p{percent}_ms": report["latency_ms"][f"p{percent}"] for percent in PERCENTS}
    late_ratio = report["generator"]["late_start_ratio"]
    if late_ratio is not None:
        words["late_ratio"] = late_ratio
    return {**words, "dropped": report["totals"]["dropped"]}


def from_k6(folder: Path) -> OwnWords:
    """Return what `--summary-export summary.json` of k6 or k9-load says."""
    metrics: dict[str, Any] = json.loads((folder / "summary.json").read_text())["metrics"]
    trend = metrics["http_req_duration"]
    return {f"p{percent}_ms": trend[f"p({percent})"] for percent in PERCENTS}


def from_locust(folder: Path) -> OwnWords:
    """Return what `--json` printed, percentiles from its counts by response time."""
    text = (folder / "output.txt").read_text()
    # Its log, whose lines begin with a bracket too, stands around it.
    entries, _ = json.JSONDecoder().raw_decode(text[text.index("[\n    {") :])
    counts: dict[float, int] = {}
    for entry in entries:
        for time_ms, count in entry["response_times"].items():
            counts[float(time_ms)] = counts.get(float(time_ms), 0) + count
    return {f"p{percent}_ms": _percentile(counts, percent) for percent in PERCENTS}


def _percentile(counts: Mapping[float, int], percent: float) -> float:
    """Return the nearest-rank percentile of values that were counted."""
    left = percent / 100 * sum(counts.values())
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    raise ValueError("nothing was counted")
