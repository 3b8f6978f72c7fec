"""Everybody who has a part in a run: made, and introduced to those they work with."""

import os
from pathlib import Path

from vumeter.clock import NsClock
from vumeter.model.plan import Plan
from vumeter.run.alarm import Alarm
from vumeter.run.audience import Audience
from vumeter.run.autopilot import Autopilot
from vumeter.run.beside import Beside
from vumeter.run.database import DatabaseHand
from vumeter.run.events import EventLog
from vumeter.run.hand import Hand
from vumeter.run.herald import Herald
from vumeter.run.keeping import Keeper
from vumeter.run.life import Life
from vumeter.run.lookout import Lookout
from vumeter.run.phases import Phases
from vumeter.run.picture import Picture
from vumeter.run.profiler import Profiler
from vumeter.run.scene import Scene
from vumeter.run.siren import Siren
from vumeter.run.staff import Staff
from vumeter.run.timeline import Timeline
from vumeter.stats.redaction import Redactor


def cast(
    plan: Plan,
    *,
    keeper: Keeper,
    redactor: Redactor,
    folder: Path | None,
    is_attended: bool,
    clock: NsClock,
) -> Scene:
    """
    Return the scene of a run of *plan*, before its curtain.

    Args:
        plan: With its secrets, which *redactor* knows.
        folder: Where a profile of the target may be written meanwhile; `None`: nowhere.
        is_attended: Someone sits before the run.

    Raises:
        ProfileError: A threshold or an alert of *plan* is none.
    """
    timeline = Timeline(clock)
    events = EventLog(timeline, keep=keeper.event)
    herald = Herald(events, redactor)
    life, staff = Life(plan), Staff(plan, cores=len(os.sched_getaffinity(0)))
    audience = Audience(plan, events=events, is_attended=is_attended, clock=clock)
    siren = Siren(plan, events=events, timeline=timeline, redactor=redactor)
    lookout = Lookout(plan, redactor=redactor, events=events, herald=herald)
    autopilot = Autopilot(plan, redactor)
    profiler = Profiler(
        plan, timeline=timeline, events=events, keeper=keeper, redactor=redactor, folder=folder
    )
    hand = Hand(
        plan,
        control=audience.control,
        life=life,
        staff=staff,
        acknowledge=siren.acknowledge,
        database=DatabaseHand(lookout.databases.probes, may_end=plan.limits.end_backends),
        autopilot=autopilot,
        profile=profiler.take,
    )
    return Scene(
        plan=plan,
        redactor=redactor,
        timeline=timeline,
        life=life,
        audience=audience,
        hand=hand,
        staff=staff,
        picture=Picture(
            plan, start_unix_ms=timeline.started_unix_ms, throttles=hand.throttles, keeper=keeper
        ),
        lookout=lookout,
        phases=Phases(plan, redactor=redactor, herald=herald, clock=clock),
        alarm=Alarm(plan),
        siren=siren,
        autopilot=autopilot,
        profiler=profiler,
        beside=Beside(plan, redactor, journal=lambda: hand.journal, tell=herald.tell_of_comparison),
        events=events,
        herald=herald,
    )
