"""Leaks of watched things: what grows in them, how fast, and when it meets its limit."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from msgspec.structs import replace

from vumeter.model.metric import Unit
from vumeter.model.watched import Watched, WatchedState
from vumeter.stats.growth import Growing, Growth
from vumeter.thresholds.amounts import amount_text
from vumeter.units import duration_text

_S_PER_MIN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaky:
    """A series that has no reason to grow for ever."""

    series: str
    growth: str
    """The name of its slope among the series."""
    used: str
    """The name of the series that comes to the limit: others may share it."""
    limit: str
    """The name of the series that has its limit; empty: there is none."""
    limit_in: str
    words: str
    unit: Unit
    least: float
    """Less than that is noise, whatever the slope."""


_LEAKY = (
    _Leaky(
        series="rss_bytes",
        growth="rss_growth_bytes_per_s",
        used="memory_of_limit_bytes",
        limit="memory_limit_bytes",
        limit_in="memory_limit_in_s",
        words="memory",
        unit=Unit.BYTES,
        least=4e6,
    ),
    _Leaky(
        series="descriptors_of_fullest",
        growth="descriptors_growth_per_s",
        used="descriptors_of_fullest",
        limit="descriptor_limit",
        limit_in="descriptor_limit_in_s",
        words="open descriptors",
        unit=Unit.COUNT,
        least=20,
    ),
    _Leaky(
        series="threads",
        growth="threads_growth_per_s",
        used="",
        limit="",
        limit_in="",
        words="threads",
        unit=Unit.COUNT,
        least=10,
    ),
)


class News(NamedTuple):
    """What there is to tell of a leak."""

    text: str
    is_bad: bool
    """Whether it is one, and not the end of one."""


class LeakWatch:
    """Looks for leaks in the watched things of one run."""

    def __init__(self) -> None:
        self._growing: dict[tuple[str, str], Growing] = {}
        self._leaking: dict[tuple[str, str], str] = {}
        self._looks: dict[str, str] = {}

    def add(self, watched: Watched, *, second: float, load: float) -> tuple[Watched, list[News]]:
        """
        Take in one second of *watched* under *load*.

        Returns:
            It with slopes and times to limits among its series, leaks in its remark; and what
            is new of that, for the event log.
        """
        self._mind_restart(watched)
        if watched.state is not WatchedState.UP:
            return watched, []
        news: list[News] = []
        series = dict(watched.series)
        for leaky in _LEAKY:
            if leaky.series not in series:
                continue
            key = (watched.name, leaky.series)
            growing = self._growing.setdefault(key, Growing(least=leaky.least))
            is_new = growing.add(second, series[leaky.series], load=load)
            if growing.newest is None:
                continue
            series |= _slopes(leaky, growing.newest, series)
            if is_new:
                news += self._judged(key, leaky, growing.newest, series)
        told = [text for (name, _), text in self._leaking.items() if name == watched.name]
        remark = "; ".join(filter(None, (*told, watched.remark)))
        return replace(watched, series=series, remark=remark), news

    def _judged(
        self, key: tuple[str, str], leaky: _Leaky, growth: Growth, series: dict[str, float]
    ) -> Iterator[News]:
        if growth.is_leak:
            is_news = key not in self._leaking
            self._leaking[key] = _words(leaky, growth, series)
            if is_news:
                yield News(self._leaking[key], is_bad=True)
        elif self._leaking.pop(key, None) is not None:
            verb = "grows" if leaky.unit is Unit.BYTES else "grow"
            yield News(f"{leaky.words} no longer {verb}", is_bad=False)

    def _mind_restart(self, watched: Watched) -> None:
        """Forget what another process of the same name has used."""
        if not watched.title or self._looks.get(watched.name) == watched.title:
            return
        self._looks[watched.name] = watched.title
        for (name, _), growing in self._growing.items():
            if name == watched.name:
                growing.forget()
        self._leaking = {key: text for key, text in self._leaking.items() if key[0] != watched.name}


def _slopes(leaky: _Leaky, growth: Growth, series: dict[str, float]) -> dict[str, float]:
    found = {leaky.growth: growth.per_s}
    limit = series.get(leaky.limit)
    if growth.is_leak and limit is not None and leaky.used in series:
        found[leaky.limit_in] = max(0.0, limit - series[leaky.used]) / growth.per_s
    return found


def _words(leaky: _Leaky, growth: Growth, series: dict[str, float]) -> str:
    """Return a leak in words: "memory grows by 10.2MB/min, for 4m: 214MB, …"."""
    grows = "grows" if leaky.unit is Unit.BYTES else "grow"
    per_min = amount_text(growth.per_s * _S_PER_MIN, leaky.unit)
    now = amount_text(series[leaky.series], leaky.unit)
    text = (
        f"{leaky.words} {grows} by {per_min}/min for {duration_text(round(growth.span_s))}: {now}"
    )
    limit_in_s = series.get(leaky.limit_in)
    if limit_in_s is None:
        return text
    limit = amount_text(series[leaky.limit], leaky.unit)
    return f"{text}, at its limit of {limit} in {duration_text(max(1, round(limit_in_s)))}"
