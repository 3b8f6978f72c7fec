"""The page of a stored run: read once, charts and tables from the same readings."""

from vumeter.model.summary import Summary
from vumeter.report.analysis.database import DatabaseLog
from vumeter.report.analysis.whole import analysis_of
from vumeter.report.charts import charts_of, limits_of, marks_of
from vumeter.report.course import course_of
from vumeter.report.json_report import report
from vumeter.report.page.html import Page
from vumeter.store.reader import StoredRun


def page_of(stored: StoredRun, summary: Summary) -> Page:
    """
    Return the page of the run *stored*, which *summary* sums up.

    Raises:
        StoreError: The run cannot be read.
    """
    databases = DatabaseLog()
    course = course_of(stored, summary, beside=databases.add)
    return Page(
        report=report(summary),
        course=course,
        charts=charts_of(course),
        marks=marks_of(stored.events, duration_s=summary.duration_s),
        limits=limits_of(summary),
        analysis=analysis_of(course, summary, databases=databases.uses()),
    )
