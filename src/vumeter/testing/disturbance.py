"""How much a machine is disturbed while something is measured on it."""

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from vumeter.testing.truth import percentile

_SLEEP_S = 0.002
_CALM_US = 500


def allowance_ms(late_us: Sequence[int]) -> float:
    """
    Return what such waits may add to a percentile up to the 99th: nothing on a calm machine.

    A request waits for its turn twice, at the server and at the client; and the slowest
    hundredth of the requests may owe it to the slowest half of a hundredth of either.
    """
    worst_us = percentile(sorted(late_us), 99.5)
    return 0.0 if worst_us < _CALM_US else 2 * worst_us / 1000


class Disturbance:
    """
    Measures, within its context, how late the system wakes a thread that sleeps.

    A loaded machine makes every process wait for its turn, the server that is the truth and
    the program that is tested alike, and neither is wrong for it. A thread of the test's own
    that only sleeps waits for its turn as they do, and knows how long it meant to sleep.
    """

    def __enter__(self) -> Self:
        self._late_us: list[int] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sleep, name="disturbance", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def max_ms(self) -> float:
        """The longest that the thread had to wait for its turn."""
        return max(self._late_us) / 1000

    @property
    def allowance_ms(self) -> float:
        """What waiting for a turn may have added to a percentile."""
        return allowance_ms(self._late_us)

    def _sleep(self) -> None:
        while not self._over.is_set():
            before_ns = time.monotonic_ns()
            time.sleep(_SLEEP_S)
            slept_us = (time.monotonic_ns() - before_ns) // 1000
            self._late_us.append(max(0, slept_us - round(_SLEEP_S * 1e6)))
