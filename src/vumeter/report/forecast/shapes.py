"""What a load was, or is to be, over time: of a stored run, or of a plan."""

from vumeter.errors import UsageError
from vumeter.model.plan import Plan
from vumeter.report.forecast.building import Levels
from vumeter.schedule import course as courses
from vumeter.schedule.timetable import Opening, openings
from vumeter.store.reader import StoredRun

_SAMPLES = 2000
_LEAST_S = 60


def levels_of_run(stored: StoredRun) -> Levels:
    """
    Return the iterations per second that were done in *stored*, span by span.

    Raises:
        UsageError: It is too short to have a shape.
    """
    found = [
        (sum(it.iterations_done for it in each.scenarios.values()) / each.span_s, each.span_s)
        for each in stored.readings()
    ]
    length_s = sum(span_s for _, span_s in found)
    if length_s < _LEAST_S:
        raise UsageError(f"--shape: that run is of {length_s} s, which is too short to show any.")
    return [(rate, float(span_s)) for rate, span_s in found]


def levels_of_plan(plan: Plan) -> Levels:
    """
    Return the load that *plan* asks for over its time, sampled: its rate, or its VUs.

    Raises:
        UsageError: It has no end, or some of its scenarios have a rate and others have not.
    """
    planned = list(openings(plan).values())
    ends_s = [each.timetable.end_s for each in planned]
    end_s = max((end for end in ends_s if end is not None), default=None)
    if end_s is None or None in ends_s:
        raise UsageError(
            "--shape: the load of that profile has no end, and so no shape.",
            hint="Give its scenarios a duration, or stages.",
        )
    if len({each.rate is None for each in planned}) > 1:
        raise UsageError(
            "--shape: some scenarios of that profile have a rate and others VUs, which do not add."
        )
    length_s = end_s / _SAMPLES
    moments_s = [(at + 0.5) * length_s for at in range(_SAMPLES)]
    return [(sum(_at(each, at_s) for each in planned), length_s) for at_s in moments_s]


def _at(opening: Opening, at_s: float) -> float:
    if not opening.timetable.has_begun(at_s) or opening.timetable.has_ended(at_s):
        return 0.0
    return courses.target(opening.vus if opening.rate is None else opening.rate, at_s)
