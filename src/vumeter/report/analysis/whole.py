"""Everything that is worked out from a run's course, as one value."""

from collections.abc import Sequence

from msgspec import Struct

from vumeter.model.explanation import Explanation, Question
from vumeter.model.summary import Summary
from vumeter.report.analysis.database import DatabaseLog, DatabaseUse
from vumeter.report.analysis.drift import Drift, drifts_of
from vumeter.report.analysis.limits import Full, Little, full_of, little_of
from vumeter.report.course import Course, course_of
from vumeter.stats import series
from vumeter.stats.explaining import explanation
from vumeter.store.reader import StoredRun


class Analysis(Struct, frozen=True, kw_only=True):
    """What a run's course says of it; empty where the run is too short to say anything."""

    drifts: tuple[Drift, ...] = ()
    little: Little | None = None
    full: tuple[Full, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    """What went together with slow and with failed requests, over the whole run."""
    databases: tuple[DatabaseUse, ...] = ()
    """What those that were watched were busy with."""


def analysis_of(
    course: Course, summary: Summary, *, databases: tuple[DatabaseUse, ...] = ()
) -> Analysis:
    """Return what *course* and *databases* say of the run that *summary* sums up."""
    return Analysis(
        drifts=drifts_of(course, summary),
        little=little_of(course, is_open=summary.service is not None),
        full=full_of(course),
        explanations=tuple(_explanations(course)),
        databases=databases,
    )


def bottlenecks_of(stored: StoredRun, summary: Summary) -> Analysis:
    """
    Return the same of *stored* without what takes statistics: no drift, no explanations.

    Raises:
        StoreError: The run cannot be read.
    """
    databases = DatabaseLog()
    course = course_of(stored, summary, beside=databases.add)
    return Analysis(
        little=little_of(course, is_open=summary.service is not None),
        full=full_of(course),
        databases=databases.uses(),
    )


def _explanations(course: Course) -> Sequence[Explanation]:
    rows = [_row(course, at) for at in range(len(course.seconds))]
    if not rows:
        return ()
    several = (
        explanation(rows, question, from_second=course.seconds[0], span_s=course.span_s)
        for question in Question
    )
    return tuple(each for each in several if each.findings)


def _row(course: Course, at: int) -> dict[str, float]:
    """Return what there was in one span, in the units that readings have it in."""
    values = ((name, several[at]) for name, several in course.series.items())
    return {
        name: value / series.shown_value(name, 1.0) for name, value in values if value is not None
    }
