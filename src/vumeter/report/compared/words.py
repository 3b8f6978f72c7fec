"""Comparisons for people and for pipelines: text, Markdown, GitHub's annotations, JUnit."""

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from vumeter.model.comparison import Comparison, Judgement, Line, Metric
from vumeter.model.metric import Unit
from vumeter.model.summary import Summary
from vumeter.report.junit import case
from vumeter.report.markdown import escaped
from vumeter.report.numbers import rate_text, ratio_text
from vumeter.report.sections.lines import Ink
from vumeter.stats.plaintext import fitted, plain
from vumeter.thresholds.amounts import amount_text

_SIGNS = {
    Judgement.WORSE: "✗ worse",
    Judgement.BETTER: "▲ better",
    Judgement.SAME: "✓ same",
    Judgement.UNCLEAR: "? unclear",
    Judgement.UNTESTED: "– untested",
}
MOST_ANNOTATIONS = 10
"""GitHub shows so many errors of a step, and drops the others without a word."""

_NAME_WIDTH = 28
_SUMMARY_NAME_WIDTH = 24
_SUMMARY_LINES = 20
_TELLING = (Judgement.WORSE, Judgement.BETTER, Judgement.UNCLEAR)


def comparison(summary: Summary, ink: Ink) -> list[str]:
    """Return how a run stands beside what it was held to, as a section of its summary."""
    it = summary.comparison
    if it is None:
        return []
    telling = [line for line in it.lines if not line.name or line.verdict in _TELLING]
    lines = [f"  {ink.heading(f'COMPARED  {plain(it.a)} → {plain(it.b)}')}"]
    before = None
    for line in telling[:_SUMMARY_LINES]:
        name = "" if line.name == before else _name(line)
        before = line.name
        lines.append("    " + _text_line(line, name, ink, name_width=_SUMMARY_NAME_WIDTH))
    lines.append(f"    {headline(it)}")
    return [*lines, *(f"    {ink.warning('!')} {plain(remark)}" for remark in it.remarks)]


def text(comparisons: Sequence[Comparison], *, colour: bool) -> str:
    """Return *comparisons* in lines for a terminal."""
    ink = Ink(colour)
    return "\n".join(line for each in comparisons for line in _text_lines(each, ink)) + "\n"


def markdown(comparisons: Sequence[Comparison]) -> str:
    """Return *comparisons* as a comment on a pull request."""
    return "\n".join(line for each in comparisons for line in _markdown_lines(each)) + "\n"


def annotations(comparisons: Sequence[Comparison]) -> str:
    """Return *comparisons* as commands that GitHub Actions makes annotations of."""
    errors = [
        _annotation("error", f"{_subject(line)} is worse", sentence(line, it))
        for it in comparisons
        for line in it.regressions
    ]
    if (more := len(errors) - MOST_ANNOTATIONS) > 0:
        text = f"and {more + 1} figures more, which vumeter compare has"
        errors[MOST_ANNOTATIONS - 1 :] = [_annotation("error", "more is worse", text)]
    return "".join(errors) + "".join(
        _annotation("notice", f"{plain(it.a)} → {plain(it.b)}", headline(it)) for it in comparisons
    )


def junit_bytes(comparisons: Sequence[Comparison]) -> bytes:
    """Return *comparisons* as JUnit XML: a case for each line; what is worse has failed."""
    root = Element("testsuites", name="vumeter compare")
    for it in comparisons:
        cases = [_case(line, it) for line in it.lines]
        failures = str(len(it.regressions))
        counts = {"tests": str(len(cases)), "failures": failures, "errors": "0", "skipped": "0"}
        suite = SubElement(root, "testsuite", name=f"{plain(it.a)} → {plain(it.b)}", attrib=counts)
        suite.extend(cases)
    indent(root)
    content: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def headline(it: Comparison) -> str:
    """Return what came out, in a sentence."""
    counts = {each: sum(line.verdict is each for line in it.lines) for each in Judgement}
    if not it.lines:
        return "nothing to compare: no request has the same name in both."
    parts = [f"{number} {each}" for each, number in counts.items() if number]
    return f"of {len(it.lines)} figures {', '.join(parts)}."


def sentence(line: Line, it: Comparison) -> str:
    """Return what *line* says, with its interval and its budget, in words."""
    interval = _interval(line)
    tested = f", 95 % interval {interval}" if interval else ", not tested"
    return (
        f"{value_text(line.metric, line.a)} → {value_text(line.metric, line.b)} "
        f"({change_text(line.metric, line.change)}{tested}; "
        f"allowed {_allowed(line)}) in {plain(it.b)}"
    )


def value_text(metric: Metric, value: float) -> str:
    """Return a figure with its unit."""
    match metric:
        case Metric.RATE:
            return rate_text(value)
        case Metric.ERRORS:
            return ratio_text(value)
        case _:
            return amount_text(value, Unit.MS)


def change_text(metric: Metric, change: float) -> str:
    """
    Return a change with its sign; of errors in percentage points.

    >>> change_text(Metric.P95, 0.0941), change_text(Metric.ERRORS, -0.0012)
    ('+9.4%', '-0.12pp')
    """
    if metric is Metric.ERRORS:
        return f"{change * 100:+.2f}pp"
    return f"{change * 100:+.1f}%"


def _text_lines(it: Comparison, ink: Ink) -> Iterator[str]:
    yield ""
    yield "  " + ink.heading(f"{plain(it.a)} → {plain(it.b)}")
    yield f"  {_how(it)}"
    yield ""
    yield "  " + ink.heading(
        f"{'':{_NAME_WIDTH}}{'':7}{'before':>10}{'after':>10}{'change':>10}  "
        f"{'95% interval':^20}  verdict"
    )
    before = None
    for line in it.lines:
        name = "" if line.name == before else _name(line)
        before = line.name
        yield "  " + _text_line(line, name, ink)
    yield ""
    yield f"  {headline(it)}"
    yield from (f"  {ink.warning('!')} {plain(remark)}" for remark in it.remarks)


def _text_line(line: Line, name: str, ink: Ink, *, name_width: int = _NAME_WIDTH) -> str:
    colours = {Judgement.WORSE: ink.bad, Judgement.BETTER: ink.good, Judgement.UNCLEAR: ink.warning}
    verdict = _SIGNS[line.verdict]
    has_room = name_width == _NAME_WIDTH
    if has_room and line.verdict in (Judgement.WORSE, Judgement.UNCLEAR):
        verdict += f" (allowed {_allowed(line)})"
    coloured = colours.get(line.verdict, str)(verdict)
    return (
        f"{fitted(name, name_width)}{line.metric.value:7}"
        f"{value_text(line.metric, line.a):>10}{value_text(line.metric, line.b):>10}"
        f"{change_text(line.metric, line.change):>10}  {_interval(line):^20}  {coloured}"
    )


def _markdown_lines(it: Comparison) -> Iterator[str]:
    sign = "✗" if it.regressions else "✓"
    yield f"### {sign} {escaped(plain(it.a))} → {escaped(plain(it.b))}"
    yield ""
    yield f"{headline(it).capitalize()} {_how(it)}"
    yield ""
    telling = [line for line in it.lines if not line.name or line.verdict in _TELLING]
    yield from _markdown_table(telling)
    yield ""
    yield from (f"- ! {escaped(plain(remark))}" for remark in it.remarks)
    if len(telling) < len(it.lines):
        # A reader of a pull request wants what has changed; the rest is a click away.
        yield ""
        yield f"<details><summary>All {len(it.lines)} figures</summary>"
        yield ""
        yield from _markdown_table(it.lines)
        yield ""
        yield "</details>"
    yield ""


def _markdown_table(lines: Sequence[Line]) -> Iterator[str]:
    yield "| | | before | after | change | 95 % interval | verdict |"
    yield "|---|---|---:|---:|---:|---:|---|"
    for line in lines:
        verdict = _SIGNS[line.verdict]
        cells = (
            escaped(_name(line)),
            line.metric.value,
            value_text(line.metric, line.a),
            value_text(line.metric, line.b),
            change_text(line.metric, line.change),
            _interval(line),
            f"**{verdict}**" if line.verdict is Judgement.WORSE else verdict,
        )
        yield f"| {' | '.join(cells)} |"


def _how(it: Comparison) -> str:
    if not it.window_s:
        return "Whole runs, not tested."
    windows = " and ".join(dict.fromkeys(str(number) for number in it.windows))
    how = "drawn of both at the same moments" if it.is_paired else "drawn of each by itself"
    return f"Windows of {it.window_s} s ({windows}), blocks {how}."


def _case(line: Line, it: Comparison) -> Element:
    problem = sentence(line, it) if line.verdict is Judgement.WORSE else ""
    found = case(_subject(line), problem=problem)
    found.set("classname", f"vumeter.compare.{plain(it.b)}")
    found.set("time", "0")
    SubElement(found, "system-out").text = f"{line.verdict.value}: {sentence(line, it)}"
    return found


def _annotation(level: str, title: str, message: str) -> str:
    return f"::{level} title={_property(title)}::{_data(message)}\n"


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")


def _subject(line: Line) -> str:
    return f"{line.metric.value} of {_name(line)}"


def _name(line: Line) -> str:
    return plain(line.name) or "all requests"


def _interval(line: Line) -> str:
    if line.low is None or line.high is None:
        return ""
    return f"{change_text(line.metric, line.low)} … {change_text(line.metric, line.high)}"


def _allowed(line: Line) -> str:
    sign = -1 if line.metric is Metric.RATE else 1
    return change_text(line.metric, sign * line.allowed)
