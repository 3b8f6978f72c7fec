"""
Watching one thing for as long as a run goes on, whatever happens to it.

Each kind of thing has an observer, which knows how to look once. The probe around it gives
each look its time, keeps the newest, and turns every failure into a state and a remark: what
is watched may be slow, gone or lying, and that never costs the run anything.
"""

import asyncio
import math
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import msgspec

from vumeter.clock import NANOSECONDS_PER_S, NsClock, monotonic_ns
from vumeter.model.watched import Monitor, Watched, WatchedState
from vumeter.probes.plain import plain_text

LOOK_INTERVAL_S = 1.0
LOOK_LIMIT_S = 3.0
_LAST_RETRY_S = 5.0
_MOST_NOTICES = 10
_NAME_LIMIT = 40
_MOST_SERIES = 100
_SERIES_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")
_REMARK_LIMIT = 300
_TITLE_LIMIT = 80


class UnseenError(Exception):
    """A look that saw nothing; *message* says why, and *hint* what to do. Neither ends in a dot."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look has seen."""

    series: Mapping[str, float]
    title: str = ""
    """What was looked at, as it calls itself: "7.0.15 master", "pid 811 uvicorn shop:app"."""
    remark: str = ""
    """What could not be seen, and what to do."""
    behind: tuple[Watched, ...] = ()
    """What can only be seen through it."""
    notices: tuple[str, ...] = ()
    """What has happened to it since the last look, for the event log."""


class Observer(Protocol):
    """Knows how to look at one thing, *every_s*."""

    every_s: float

    async def look(self) -> Look:
        """
        Return what there is to see. It may be cancelled when it takes too long.

        Raises:
            UnseenError: There is nothing to see.
        """
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


class WatchProbe:
    """Looks at what *monitor* names; `run` it, and read `latest` whenever it suits."""

    def __init__(
        self, monitor: Monitor, observer: Observer, *, clock: NsClock = monotonic_ns
    ) -> None:
        self._observer = observer
        self._clock = clock
        self._good_ns = clock()
        self._watched = Watched(name=monitor.name, kind=monitor.kind)
        self._behind: tuple[Watched, ...] = ()
        # Of a thing that is restarted over and over, the newest will do.
        self._notices: deque[str] = deque(maxlen=_MOST_NOTICES)

    @property
    def latest(self) -> tuple[Watched, ...]:
        """The newest look and its age, and behind it what can only be seen through it."""
        age_s = (self._clock() - self._good_ns) / NANOSECONDS_PER_S
        whole = (self._watched, *self._behind)
        return tuple(msgspec.structs.replace(each, age_s=age_s) for each in whole)

    def notices(self) -> list[str]:
        """Return what has happened to it since this was asked last."""
        told = list(self._notices)
        self._notices.clear()
        return told

    async def run(self) -> None:
        """Look until cancelled, and less often while there is nothing to see."""
        pause_s = self._observer.every_s
        try:
            while True:
                began_ns = self._clock()
                is_up = (await self.looked()).state is WatchedState.UP
                usual_s = self._observer.every_s
                pause_s = usual_s if is_up else min(1.5 * pause_s, max(usual_s, _LAST_RETRY_S))
                took_s = (self._clock() - began_ns) / NANOSECONDS_PER_S
                await asyncio.sleep(max(pause_s - took_s, pause_s / 2))
        finally:
            await self._observer.close()

    async def looked(self) -> Watched:
        """Look once, and return what `latest` begins with from now on."""
        self._watched = await self._looked()
        return self._watched

    async def _looked(self) -> Watched:
        name, kind = self._watched.name, self._watched.kind
        try:
            async with asyncio.timeout(LOOK_LIMIT_S):
                look = await self._observer.look()
        except UnseenError as error:
            remark = f"{error.message} → {error.hint}" if error.hint else error.message
        except TimeoutError:
            remark = f"no answer within {LOOK_LIMIT_S:g} s → the probe goes on asking"
        except Exception as error:
            # Whatever it is: a failing probe is a remark and an empty panel, not a lost run.
            remark = f"{type(error).__name__}: {error}"
        else:
            self._good_ns = self._clock()
            self._notices += (plain_text(each, limit=_REMARK_LIMIT) for each in look.notices)
            self._behind = tuple(_from_afar(each, name) for each in look.behind)
            return Watched(
                name=name,
                kind=kind,
                state=WatchedState.UP,
                title=plain_text(look.title, limit=_TITLE_LIMIT),
                remark=plain_text(look.remark, limit=_REMARK_LIMIT),
                series=dict(look.series),
            )
        remark = plain_text(remark, limit=_REMARK_LIMIT)
        self._behind = tuple(
            Watched(name=each.name, kind=each.kind, state=WatchedState.DOWN, remark=f"see {name}")
            for each in self._behind
        )
        return Watched(name=name, kind=kind, state=WatchedState.DOWN, remark=remark)


def _from_afar(watched: Watched, through: str) -> Watched:
    """Return *watched* as another machine tells of it, whose words are hostile text."""
    return Watched(
        name=f"{through}/{plain_text(watched.name, limit=_NAME_LIMIT)}",
        kind=watched.kind,
        state=watched.state,
        title=plain_text(watched.title, limit=_TITLE_LIMIT),
        remark=plain_text(watched.remark, limit=_REMARK_LIMIT),
        series={
            name: value
            for name, value in islice(watched.series.items(), _MOST_SERIES)
            if _SERIES_NAME.fullmatch(name) and math.isfinite(value)
        },
    )
