"""Reports for other programs and other people: JUnit, Markdown, HTML; and hostile names in all."""

import doctest
import io
from types import ModuleType

import msgspec
import pytest
from junitparser import Error, Failure, JUnitXml

from vumeter.model.summary import Summary
from vumeter.report import charts, course, figures, markdown, markup, tables
from vumeter.report.json_report import report
from vumeter.report.junit import junit_bytes

HOSTILE = '</script><img src=x onerror="alert(1)">|`@all` [x](javascript:1)'


@pytest.mark.parametrize("module", [charts, course, figures, markdown, markup, tables])
def test_the_examples_in_the_docstrings_are_true(module: ModuleType) -> None:
    outcome = doctest.testmod(module)
    assert outcome.attempted and not outcome.failed


def test_junit_has_a_case_for_each_threshold_and_check(full_summary: Summary) -> None:
    parsed = JUnitXml.fromstring(junit_bytes(report(full_summary)))
    thresholds, checks = parsed
    assert (thresholds.name, thresholds.tests, thresholds.failures, thresholds.errors) == (
        "thresholds",
        4,
        2,
        1,
    )
    assert (parsed.tests, parsed.failures, parsed.errors) == (6, 3, 1)
    by_name = {case.name: case.result for case in thresholds}
    assert by_name["http_req_duration: p(95) < 300ms"] == []
    (late,) = by_name["http_req_duration: p(99) < 400ms over 10s"]
    assert isinstance(late, Failure)
    assert late.message == "observed 212ms, the limit is 400ms, first at 38 s"
    (unknown,) = by_name["http_req_duration{name:GET /never}: med < 10"]
    assert isinstance(unknown, Error)
    assert {case.name: bool(case.result) for case in checks} == {
        "status is 200": True,
        "body has a quote": False,
    }


def test_a_name_can_say_anything_and_do_nothing(full_summary: Summary) -> None:
    endpoints = {HOSTILE: next(iter(full_summary.endpoints.values()))}
    checks = {HOSTILE + "\x1b[2J\x00": (1, 2)}
    it = report(msgspec.structs.replace(full_summary, endpoints=endpoints, checks=checks))
    parsed = JUnitXml.fromstring(junit_bytes(it))
    assert next(iter(list(parsed)[1])).name == HOSTILE + "\ufffd[2J\ufffd"
    text = markdown.markdown(it)
    assert "<img" not in text.replace("\\<img", "") and "](" not in text.replace("\\](", "")
    columns = [line.count("|") - line.count("\\|") for line in text.splitlines() if "img" in line]
    # Of the endpoints a row of eleven cells, of the checks one of three.
    assert columns == [12, 4]
    assert str(markup.element("td", HOSTILE, title=HOSTILE)).count("<") == 2


def test_what_nobody_answered_is_a_report_too(bare_summary: Summary) -> None:
    assert "## Counts" in markdown.markdown(report(bare_summary))
    parsed = JUnitXml.fromfile(io.BytesIO(junit_bytes(report(bare_summary))))
    assert parsed.tests == 0
