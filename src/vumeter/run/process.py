"""A whole run in this process: guard, control API, conductor, signals, and the summary on disk."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from vumeter.errors import VumeterError
from vumeter.link import baselines
from vumeter.link.folders import RunFolder
from vumeter.model.plan import Plan
from vumeter.model.summary import Summary
from vumeter.probes.watched import postgres_probes
from vumeter.run.api import ControlApi, ReportWriter
from vumeter.run.capacity import Capacity, check_capacity
from vumeter.run.conductor import Conductor, Sink
from vumeter.run.guard import check_targets
from vumeter.run.writing import write_whole
from vumeter.store.reader import open_run

FAREWELL_S = 3.0
"""How long a detached run process stays for viewers to read the end."""

ATTENDED_FAREWELL_S = 0.3
"""The same in the foreground, where somebody waits for the prompt."""


async def check(plan: Plan, *, waits_for_postgres: bool = False) -> None:
    """
    Return when everything that *plan* needs is there; no request has been sent by then.

    Raises:
        UsageError: This system does not allow so many connections.
        TargetError: Load must not be sent to one of its hosts.
        StoreError: There is no such baseline, or it cannot be read.
        ProbeError: A database cannot be watched, and *waits_for_postgres* is not set.
    """
    check_capacity(plan, Capacity.of_this_machine())
    if plan.baseline:
        open_run(baselines.find(plan.baseline)).close()
    await check_targets(plan)
    for probe in postgres_probes(plan).values():
        try:
            if not waits_for_postgres:
                await probe.check()
        finally:
            await probe.close()


async def conduct(
    plan: Plan,
    folder: RunFolder,
    *,
    written: ReportWriter,
    sinks: tuple[Sink, ...] = (),
    is_attended: bool = False,
    is_stored: bool = True,
    on_started: Callable[[], None] = lambda: None,
    on_ended: Callable[[Summary], None] = lambda _: None,
) -> Summary:
    """
    Run *plan*, which was checked, to its end, and return its summary.

    SIGINT and SIGTERM stop it gracefully, a second one at once; in both cases there is a
    summary. SIGHUP does the same when someone sits before it, unless it is ignored (nohup);
    a detached run does not hear it.

    Args:
        plan: What to do.
        folder: Where the socket and the summary go.
        written: Makes the report that viewers can ask for.
        sinks: Take each frame, without waiting.
        is_attended: It runs in someone's foreground.
        is_stored: All of it is kept in the folder's store.
        on_started: Called when the load is on, or setup about to begin.
        on_ended: Called with the summary while viewers can still ask.

    Raises:
        VumeterError: A worker did not come up, or the summary could not be kept.
    """
    store = folder.store if is_stored else None
    async with Conductor(
        plan,
        sinks=sinks,
        is_attended=is_attended,
        store=store,
        reservation=folder.reservation,
    ) as conductor:
        with _heard(conductor, signal.SIGINT, signal.SIGTERM):
            async with ControlApi(
                conductor, folder.socket, written=written, listen=plan.listen, store=store
            ) as api:
                with _ignored(signal.SIGHUP) as was_ignored:
                    await conductor.start()
                hang_up = () if was_ignored or not is_attended else (signal.SIGHUP,)
                with _heard(conductor, *hang_up):
                    on_started()
                    summary = await conductor.finish()
                try:
                    _keep(folder, summary)
                finally:
                    # A full disk keeps neither the report from being tried nor viewers
                    # from the last frame.
                    try:
                        on_ended(summary)
                    finally:
                        await api.farewell(ATTENDED_FAREWELL_S if is_attended else FAREWELL_S)
    return summary


def _keep(folder: RunFolder, summary: Summary) -> None:
    try:
        write_whole(folder.summary, msgspec.msgpack.encode(summary), mode=0o600)
    except OSError as error:
        raise VumeterError(
            f"The summary could not be kept in {folder.path}: {error.strerror}.",
            hint="Is the disk full?",
        ) from error


@contextmanager
def _heard(conductor: Conductor, *signals: signal.Signals) -> Iterator[None]:
    """Stop the run by these *signals*."""
    loop = asyncio.get_running_loop()
    for each in signals:
        loop.add_signal_handler(each, conductor.interrupt, each.name)
    try:
        yield
    finally:
        for each in signals:
            loop.remove_signal_handler(each)


@contextmanager
def _ignored(number: signal.Signals) -> Iterator[bool]:
    """
    Ignore a signal, here and in every process that is started meanwhile; yield if it was before.

    A child inherits what is ignored, and nothing that is handled. When a terminal goes away,
    the kernel tells all of its processes; workers that died of it could not report.
    """
    former = signal.signal(number, signal.SIG_IGN)
    try:
        yield former is signal.SIG_IGN
    finally:
        signal.signal(number, former)
