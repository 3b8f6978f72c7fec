"""What rules look at: one metric's seconds added up over a window, or since the start. Pure."""

from collections import deque
from collections.abc import Iterable
from typing import Any

from vumeter.model.measure import Reading
from vumeter.thresholds.metrics import Metric, Seen, Selection
from vumeter.thresholds.rule import Rule
from vumeter.thresholds.sums import Reversible, Sum


class Span:
    """One metric's part of each second, added up over a window or since the start."""

    def __init__(self, metric: Metric[Any], over_s: int | None) -> None:
        self.metric = metric
        self._over_s = over_s
        self._sum: Sum[Any] = metric.new_sum()
        self._parts: deque[tuple[int, Any]] = deque()
        self._newest_second = -1
        self._since_second = 0

    def add(self, second: int, part: Any, *, span_s: int = 1) -> None:
        """
        Count *part*, of *second*; what leaves the window with it goes.

        Of a stored run it may be of *span_s* seconds. A window that is not made of whole
        parts is not looked at, and begins anew where they fit again.
        """
        self._newest_second = second + span_s - 1
        if self._over_s is not None and self._over_s % span_s:
            self._since_second = second + span_s
            self._sum = self.metric.new_sum()
            self._parts.clear()
            return
        self._sum.add(part)
        if self._over_s is None:
            return
        self._parts.append((second, part))
        left = []
        while self._parts[0][0] <= self._newest_second - self._over_s:
            left.append(self._parts.popleft()[1])
        if not left:
            return
        if isinstance(self._sum, Reversible):
            for gone in left:
                self._sum.remove(gone)
        else:
            self._sum = self.metric.new_sum()
            for _, kept in self._parts:
                self._sum.add(kept)

    @property
    def is_full(self) -> bool:
        """Whether the run is as old as the window is long."""
        return self._over_s is None or self._newest_second + 1 - self._since_second >= self._over_s

    @property
    def ends_with_totals(self) -> bool:
        """Whether the run's totals have all of it, and what came late as well."""
        return self._over_s is None and self.metric.is_counted

    def figure(self, rule: Rule, at_s: float) -> float | None:
        """Return what *rule* looks at; `None`: nothing was measured."""
        span_s = at_s if self._over_s is None else min(at_s, float(self._over_s))
        return self._sum.figure(rule.aggregate, percent=rule.percent, span_s=span_s)


class Spans:
    """Every span that some rules look at; rules that look at the same share one."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._spans: dict[_SpanKey, Span] = {}
        for rule in rules:
            self._spans.setdefault(_span_key(rule), Span(rule.metric, rule.over_s))

    def add(self, reading: Reading) -> None:
        """Take *reading*, newer than all before it, into account."""
        seen = Seen(reading.tallies, reading.scenarios, reading.metrics, reading)
        parts: dict[tuple[str, Selection], Any] = {}
        for (name, selection, _), span in self._spans.items():
            if (name, selection) not in parts:
                parts[name, selection] = span.metric.part(seen, selection)
            span.add(reading.second, parts[name, selection], span_s=reading.span_s)

    def conclude(self, everything: Seen, second: int) -> None:
        """Let *everything*, the totals at the end, be what is known since the start."""
        for key in [key for key, span in self._spans.items() if span.ends_with_totals]:
            span = Span(self._spans[key].metric, None)
            span.add(second, span.metric.part(everything, key[1]))
            self._spans[key] = span

    def of(self, rule: Rule) -> Span:
        """Return what *rule*, one of those given, looks at."""
        return self._spans[_span_key(rule)]


_SpanKey = tuple[str, Selection, int | None]


def _span_key(rule: Rule) -> _SpanKey:
    return rule.metric.name, rule.selection, rule.over_s
