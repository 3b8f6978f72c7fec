"""
Who carries an alert's notices out: a command and a webhook, one errand in flight for each alert.

Nothing waits for them. While an errand is under way the newest notice waits for it, and what it
replaces is counted and said, not kept.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from vumeter.clock import NANOSECONDS_PER_S, monotonic_ns
from vumeter.model.alert import Alert
from vumeter.model.frame import EventLevel
from vumeter.run.notices import Notice, environment_of
from vumeter.run.programs import PROGRAM_LIMIT_S, run_program
from vumeter.run.webhooks import Webhooks
from vumeter.stats.plaintext import plain

SPACING_S = 2.0

LONGEST_SAYING = 200
"""Characters of a command's first line that the log has."""

Tell = Callable[[str, EventLevel], None]
"""Writes into the event log."""


class Couriers:
    """
    Every alert's courier. Closed with `close`.

    Args:
        alerts: Of the plan, with their secrets.
        secrets: What no command may find in its environment.
        tell: Called with what comes of errands.
        spacing_s: Least time between the beginnings of two errands of one alert.
    """

    def __init__(
        self,
        alerts: Sequence[Alert],
        *,
        secrets: Sequence[str],
        tell: Tell,
        spacing_s: float = SPACING_S,
    ) -> None:
        self._webhooks = Webhooks()
        self._hurry = asyncio.Event()
        self._couriers = {
            alert.name: _Courier(
                alert,
                secrets=secrets,
                tell=tell,
                spacing_s=spacing_s,
                webhooks=self._webhooks,
                hurry=self._hurry,
            )
            for alert in alerts
            if alert.command or alert.webhook
        }

    def send(self, alert: str, notice: Notice) -> None:
        """Have *notice* carried out as soon as the courier of that *alert* is free."""
        if alert in self._couriers:
            self._couriers[alert].send(notice)

    def hurry(self) -> None:
        """Let nothing wait for its time any more: the run ends."""
        self._hurry.set()

    @property
    def is_busy(self) -> bool:
        """Whether an errand is under way, or waits."""
        return any(courier.is_busy for courier in self._couriers.values())

    async def close(self) -> None:
        """Cut off what is under way, and say so."""
        try:
            for courier in self._couriers.values():
                await courier.close()
        finally:
            await self._webhooks.close()


class _Courier:
    """Carries out one alert's notices, one after another."""

    def __init__(
        self,
        alert: Alert,
        *,
        secrets: Sequence[str],
        tell: Tell,
        spacing_s: float,
        webhooks: Webhooks,
        hurry: asyncio.Event,
    ) -> None:
        self._alert = alert
        self._secrets = secrets
        self._tell = tell
        self._spacing_s = spacing_s
        self._webhooks = webhooks
        self._hurry = hurry
        self._waiting: Notice | None = None
        self._suppressed = 0
        self._free_ns = monotonic_ns()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        return self._task is not None and not self._task.done()

    def send(self, notice: Notice) -> None:
        if self._waiting is not None:
            self._suppressed += 1  # policy: the newest counts, the others are counted
        self._waiting = notice
        if not self.is_busy:
            self._task = asyncio.create_task(self._work(), name=f"alert {self._alert.name}")

    async def close(self) -> None:
        if self._task is None:
            return
        if not self._task.done():
            self._task.cancel()
            self._say("the run ended before all was told")
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.result()  # a bug is heard of

    async def _work(self) -> None:
        while self._waiting is not None:
            await self._spaced()
            notice, self._waiting = self._waiting, None
            if self._suppressed:
                self._say(f"{self._suppressed} more suppressed")
                notice = replace(notice, suppressed=self._suppressed)
                self._suppressed = 0
            async with asyncio.TaskGroup() as tasks:
                if self._alert.command:
                    tasks.create_task(self._run(self._alert.command, notice))
                if self._alert.webhook is not None:
                    tasks.create_task(self._post(self._alert.webhook, notice))

    async def _spaced(self) -> None:
        """Return when the errand before began long enough ago."""
        left_s = (self._free_ns - monotonic_ns()) / NANOSECONDS_PER_S
        if left_s > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), left_s)
        self._free_ns = monotonic_ns() + round(self._spacing_s * NANOSECONDS_PER_S)

    async def _run(self, command: tuple[str, ...], notice: Notice) -> None:
        try:
            ended = await run_program(command, environment_of(notice, self._secrets))
        except OSError as error:
            self._say(f"{command[0]} cannot be started: {error.strerror}")
            return
        said = f": {plain(ended.said)[:LONGEST_SAYING]}" if ended.said else ""
        if ended.code is None:
            self._say(f"{command[0]} was killed, it took more than {PROGRAM_LIMIT_S:g} s{said}")
        elif ended.code:
            self._say(f"{command[0]} ended with code {ended.code}{said}")
        elif said:
            self._say(f"{command[0]} says{said}", EventLevel.INFO)

    async def _post(self, url: str, notice: Notice) -> None:
        problem = await self._webhooks.post(url, msgspec.json.encode(notice))
        if problem:
            self._say(f"the webhook was not told: {problem}")

    def _say(self, text: str, level: EventLevel = EventLevel.WARNING) -> None:
        self._tell(f"{self._alert.name}: {text}", level)
