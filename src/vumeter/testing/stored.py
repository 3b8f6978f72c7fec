"""Runs written down as a run writes itself, without waiting for them."""

from collections.abc import Iterable
from pathlib import Path

from vumeter.model.flow import Request
from vumeter.model.frame import Event, StopCause
from vumeter.model.measure import Reading
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.model.summary import Summary
from vumeter.stats.digest import Digest
from vumeter.stats.redaction import Redactor
from vumeter.stats.sofar import RunSoFar
from vumeter.stats.stalls import StallLog
from vumeter.store.reader import StoredRun, open_run
from vumeter.store.writer import StoreWriter

_GENEROUS_S = 30.0
_AT_ONCE = 50
"""So many seconds are left to the writer before it is waited for: it drops what it cannot take."""


def store_run(
    path: Path,
    readings: Iterable[Reading],
    *,
    plan: Plan | None = None,
    events: Iterable[Event] = (),
    summary: Summary | None = None,
) -> StoredRun:
    """
    Write *readings* to *path*, a new file, and return the run as anybody opens it.

    Without a *summary* it is one that died.
    """
    writer = StoreWriter(path, Redactor(plan or plain_plan()), version="1.2.3")
    digest = Digest()
    for number, reading in enumerate(readings, start=1):
        writer.second(reading, digest.add(reading, vus_target=50.0, rate_target_per_s=None))
        if number % _AT_ONCE == 0:
            writer.drain(_GENEROUS_S)
    for event in events:
        writer.event(event)
    if summary is not None:
        writer.finish(summary)
    writer.close(_GENEROUS_S)
    return open_run(path)


def summary_of(plan: Plan | None = None) -> Summary:
    """Return the summary of a run in which nothing happened."""
    return RunSoFar().summary(
        plan=plan or plain_plan(),
        stop=StopCause.SCHEDULE,
        journal=(),
        remarks=(),
        verdicts=(),
        alerts=(),
        setup=None,
        teardown=None,
        stalls=StallLog(),
    )


def plain_plan() -> Plan:
    """Return a plan of one request on loopback."""
    scenario = Scenario(
        name="main", steps=(Request(name="GET /", url="http://127.0.0.1:1/"),), load=Load(vus=50)
    )
    return Plan(name="made-up", scenarios=(scenario,))
