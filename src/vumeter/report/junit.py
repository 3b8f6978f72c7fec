"""A report as JUnit XML: thresholds and checks as test cases, for pipelines that show these."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from vumeter.model.verdict import Standing
from vumeter.report.schema import CheckReport, Report, ThresholdReport
from vumeter.thresholds.amounts import amount_text


def junit_bytes(report: Report) -> bytes:
    """Return *report* as a file in UTF-8: a suite of thresholds and one of checks."""
    root = Element("testsuites", name=f"vumeter {report.run.name}")
    _add_suite(root, report, "thresholds", map(_threshold, report.thresholds))
    _add_suite(root, report, "checks", map(_check, report.checks))
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    indent(root)
    content: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def case(name: str, *, problem: str = "", kind: str = "failure") -> Element:
    """Return a test case, which has failed where there is a *problem*."""
    found = Element("testcase", name=name)
    if problem:
        SubElement(found, kind, message=problem).text = problem
    return found


def _threshold(it: ThresholdReport) -> Element:
    name = f"{it.metric}: {it.expression}"
    limit = amount_text(it.limit, it.unit)
    match it.verdict:
        case Standing.PASSED:
            return case(name)
        case Standing.FAILED:
            observed = "nothing" if it.observed is None else amount_text(it.observed, it.unit)
            since = "" if it.first_failed_s is None else f", first at {it.first_failed_s} s"
            return case(name, problem=f"observed {observed}, the limit is {limit}{since}")
        case _:
            # As for the exit code: what nothing was measured for has not passed.
            return case(name, problem="nothing was measured", kind="error")


def _check(it: CheckReport) -> Element:
    problem = f"{it.failed} of {it.passed + it.failed} answers failed it" if it.failed else ""
    return case(it.name, problem=problem)


def _add_suite(root: Element, report: Report, name: str, cases: Iterator[Element]) -> None:
    several = list(cases)
    for each in several:
        each.set("classname", f"vumeter.{report.run.name}.{name}")
        each.set("time", "0")
    suite = SubElement(
        root,
        "testsuite",
        name=name,
        tests=str(len(several)),
        failures=str(sum(each.find("failure") is not None for each in several)),
        errors=str(sum(each.find("error") is not None for each in several)),
        skipped="0",
        time=f"{report.duration_s:.3f}",
        timestamp=report.run.started[:19],
    )
    suite.extend(several)
