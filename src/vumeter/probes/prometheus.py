"""
Pages of metrics in Prometheus' text format: of node_exporter, of the target, of any exporter.

What is not asked for is dropped line by line before anything is parsed, so a page of a hundred
thousand samples costs what its bytes cost. A page is hostile text: it may be endless, slow, or
anything but a page of metrics; names and labels of it are compared, and never shown.
"""

import asyncio
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import fmean
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from vumeter.clock import NsClock, monotonic_ns
from vumeter.model.watched import PrometheusMonitor
from vumeter.probes.observing import Look, UnseenError
from vumeter.probes.pages import Page
from vumeter.probes.rates import Rates
from vumeter.profiles.selectors import Selector, selector_of

MOST_SAMPLES = 10_000
"""Of those that are asked for."""

_ACCEPT = "text/plain;version=0.0.4;q=1,*/*;q=0.1"
_MS_PER_NS = 1e-6

_COMBINED: dict[str, Callable[[list[float]], float]] = {
    "sum": math.fsum,
    "max": max,
    "min": min,
    "avg": fmean,
    "count": len,
}


class Found(NamedTuple):
    """A sample that is asked for."""

    metric: str
    labels: dict[str, str]
    value: float


class PrometheusObserver:
    """Looks at the page of *monitor*."""

    def __init__(self, monitor: PrometheusMonitor, *, clock: NsClock = monotonic_ns) -> None:
        self.every_s = monitor.every_s
        self._clock = clock
        self._selectors = {name: selector_of(text) for name, text in monitor.series}
        self._metrics = frozenset(each.metric.encode() for each in self._selectors.values())
        self._rates = Rates()
        self._page = Page(monitor.url, token=monitor.token, authorities=monitor.authorities)

    async def look(self) -> Look:
        """
        Fetch the page, and return what is asked for of it.

        Raises:
            UnseenError: It cannot be had, or is no page of metrics.
        """
        began_ns = self._clock()
        lines = await self._wanted_lines()
        at_ns = self._clock()
        # In a thread: what is asked for may be much.
        samples = await asyncio.to_thread(_parsed, lines)
        series, missing = self._series(samples, at_ns)
        series["answer_ms"] = (at_ns - began_ns) * _MS_PER_NS
        remark = ""
        if missing:
            remark = (
                f"nothing on the page is called {', '.join(missing)} → look at {self._page.place}"
            )
        return Look(series=series, title=self._page.place, remark=remark)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._page.close()

    async def _wanted_lines(self) -> bytes:
        """Return the lines of the page that are of a metric that is asked for."""
        kept: list[bytes] = []
        rest = b""
        async for chunk in self._page.chunks(accept=_ACCEPT):
            *whole, rest = (rest + chunk).split(b"\n")
            kept += self._wanted(whole)
            if len(kept) > MOST_SAMPLES:
                raise UnseenError(
                    f"more than {MOST_SAMPLES} samples are asked for",
                    "name fewer metrics, or an exporter that has fewer labels",
                )
        return b"\n".join((*kept, *self._wanted((rest,)), b""))

    def _wanted(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        for line in lines:
            name = line.partition(b"{")[0].split(None, 1)
            if name and name[0] in self._metrics:
                yield line

    def _series(self, samples: Sequence[Found], at_ns: int) -> tuple[dict[str, float], list[str]]:
        """Return each series' value, and the names of those that nothing is on the page for."""
        grown, span_s = self._rates.progress(
            {_key(each): each.value for each in samples}, at_ns=at_ns
        )
        found: dict[str, float] = {}
        missing = []
        for name, selector in self._selectors.items():
            chosen = [each for each in samples if _is_chosen(each, selector)]
            if not chosen:
                missing.append(selector.metric)
            values = [each.value for each in chosen]
            if selector.is_rate:
                values = [grown[_key(each)] / span_s for each in chosen if _key(each) in grown]
            value = float(_COMBINED[selector.combine](values)) if values else math.nan
            if math.isfinite(value):
                found[name] = value
        return found, missing


def _parsed(lines: bytes) -> list[Found]:
    try:
        families = text_string_to_metric_families(lines.decode("utf-8", "replace"))
        return [
            Found(sample.name, dict(sample.labels), float(sample.value))
            for family in families
            for sample in family.samples
        ]
    except ValueError as error:
        raise UnseenError(
            f"that is no page of metrics: {error}", "the URL usually ends in /metrics"
        ) from error


def _is_chosen(sample: Found, selector: Selector) -> bool:
    return sample.metric == selector.metric and selector.accepts(sample.labels)


def _key(sample: Found) -> str:
    return f"{sample.metric}{sorted(sample.labels.items())}"
