"""Where a worker counts requests: for each scenario by name, so that each knows its own."""

from collections.abc import Container, Iterator, Sequence
from itertools import chain

from vumeter.engine.recorder import MOST_NAMES, OTHER, Recorder
from vumeter.engine.slowest import take_slowest
from vumeter.model.measure import Histogram, Slow, Tally
from vumeter.stats.histogram import HistogramSum
from vumeter.stats.histogram import merge as merge_times
from vumeter.stats.slowness import slower
from vumeter.stats.tally import merge


class Ledger:
    """
    The recorders of all scenarios.

    They are apart, though names are counted over all scenarios, because where an iteration
    is one request the service times of a scenario say how long its iterations take.
    """

    def __init__(self) -> None:
        self._books: dict[str, dict[str, Recorder]] = {}
        self._names: dict[str, None] = {}

    def book(self, scenario: str) -> dict[str, Recorder]:
        """Return where the requests of *scenario* are counted, by name."""
        return self._books.setdefault(scenario, {})

    @property
    def recorders(self) -> Iterator[Recorder]:
        """All of them."""
        return chain.from_iterable(book.values() for book in self._books.values())

    @property
    def names(self) -> dict[Recorder, str]:
        """Under which name what each of them counts is reported."""
        return {
            recorder: self._known(name)
            for book in self._books.values()
            for name, recorder in book.items()
        }

    def take(self, plain: Container[str]) -> tuple[dict[str, Tally], dict[str, Histogram]]:
        """
        Return what was counted in the second, and begin anew.

        Returns:
            The tallies by name, over all scenarios; and how long iterations took of each
            *plain* scenario, those aside that its VUs have timed themselves.
        """
        tallies: dict[str, list[Tally]] = {}
        durations: dict[str, Histogram] = {}
        for scenario, book in self._books.items():
            services, asides = [], []
            for name, recorder in book.items():
                tally, aside = recorder.take(), recorder.apart.take()
                if tally is None:
                    continue
                tallies.setdefault(self._known(name), []).append(tally)
                services.append(tally.service)
                asides.append(aside)
            if scenario in plain:
                durations[scenario] = _less(services, asides)
        return {name: merge(several) for name, several in tallies.items()}, durations

    def take_slowest(self, start_ns: int) -> dict[str, Slow]:
        """Return the slowest request of each name in the second, of a run begun at *start_ns*."""
        return slower(
            {self._known(name): slow}
            for book in self._books.values()
            for name, recorder in book.items()
            if (slow := take_slowest(recorder, start_ns)) is not None
        )

    def _known(self, name: str) -> str:
        """Return *name*, or `OTHER` for one that came after so many."""
        if name not in self._names and len(self._names) >= MOST_NAMES:
            return OTHER
        self._names[name] = None
        return name


def _less(services: Sequence[Histogram], asides: Sequence[Histogram]) -> Histogram:
    """Return all of *services* less *asides*, of which there are none as a rule."""
    if not any(aside.counts for aside in asides):
        return merge_times(services)
    rest = HistogramSum()
    for service in services:
        rest.add(service)
    for aside in asides:
        rest.remove(aside)
    return rest.histogram()
