"""
A run as one HTML file, which needs nothing from anywhere else and sends nothing anywhere.

Tables are there without JavaScript, and when printed. Charts are drawn by `page.js` from data
in the file. A content security policy lets that one script run and no other, and forbids every
connection: a name that gets past the escaping is still only text.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources

import msgspec
from msgspec import Struct

from vumeter.report.analysis.tables import analysis_tables
from vumeter.report.analysis.whole import Analysis
from vumeter.report.charts import Chart, Limit, Mark
from vumeter.report.course import Course
from vumeter.report.markup import Content, Markup, element
from vumeter.report.schema import Report
from vumeter.report.tables import Cell, Table, number, tables_of
from vumeter.units import duration_text

_TILES = (
    ("latency_ms.p50", "p50"),
    ("latency_ms.p95", "p95"),
    ("latency_ms.p99", "p99"),
    ("rps", "requests per second"),
    ("totals.requests", "requests"),
    ("totals.errors", "errors"),
    ("totals.error_ratio", "of requests failed"),
    ("totals.dropped", "iterations dropped"),
    ("duration_s", "duration"),
)
_MAIN_CHARTS = ("rate", "errors", "vus")
_SECTIONS = (
    ("Load", ("latency", "counts", "errors", "statuses", "checks", "metrics")),
    ("Setup and teardown", ("setup", "setup-endpoints", "teardown", "teardown-endpoints")),
    ("Journal", ("journal",)),
    ("Environment", ("run", "scenarios")),
)
_PLACES = (
    ("The generator", "generator"),
    ("PostgreSQL", "postgres"),
    ("Watched", ""),
    ("Host", "host"),
)
_STANDINGS = {"passed": "good", "failed": "bad"}


class Page(Struct, frozen=True, kw_only=True):
    """All that the page shows."""

    report: Report
    course: Course
    charts: tuple[Chart, ...]
    marks: tuple[Mark, ...]
    limits: tuple[Limit, ...]
    analysis: Analysis = Analysis()


class _Charted(Struct, frozen=True, kw_only=True):
    """What the script is given."""

    course: Course
    charts: tuple[Chart, ...]
    marks: tuple[Mark, ...]
    limits: tuple[Limit, ...]
    analysis: Analysis


def page_bytes(page: Page) -> bytes:
    """Return *page* as a file in UTF-8."""
    style, script = _asset("page.css"), _asset("page.js")
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{page.report.run.name} · vumeter"),
        element("style", Markup(style)),
    )
    body = element(
        "body",
        *_body(page),
        element("script", Markup(_embedded(page)), type="application/json", id="course"),
        element("script", Markup(script)),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n".encode()


def _embedded(page: Page) -> str:
    """Return what the script draws from. No "<" in it can end the element that it is in."""
    charted = _Charted(
        course=page.course,
        charts=page.charts,
        marks=page.marks,
        limits=page.limits,
        analysis=page.analysis,
    )
    return msgspec.json.encode(charted).decode().replace("<", "\\u003c").replace(">", "\\u003e")


def _body(page: Page) -> Iterator[Markup]:
    report = page.report
    tables = {table.key: table for table in tables_of(report)}
    yield _header(report)
    yield _tiles(report)
    analyses = analysis_tables(page.analysis)
    yield _navigation(has_analyses=bool(analyses))
    if report.remarks:
        yield element("h2", "What must be known first", id="remarks")
        yield element("ul", *(element("li", each) for each in report.remarks), class_="remarks")
    for key, title in (("thresholds", "Thresholds"), ("alerts", "Alerts")):
        yield from _section(title, [tables[key]] if key in tables else [], key=key)
    found = [table for key, table in tables.items() if key.startswith("capacity")]
    yield from _section("Capacity", found, key="capacity")
    yield element("h2", "Over time", id="over-time")
    yield from _main_charts()
    if "endpoints" in tables:
        yield element("h2", "Endpoints", id="endpoints")
        yield element("input", id="filter", type="search", placeholder="filter by name")
        yield _table(tables["endpoints"], is_sortable=True)
    yield from _section("Analysis", analyses, key="analysis")
    yield from _places(page, tables)
    for title, keys in _SECTIONS:
        yield from _section(title, [tables[key] for key in keys if key in tables])
    yield element(
        "footer",
        f"Written by vumeter {report.vumeter_version}. Times are response times: until the answer "
        "was there; in the open model from when the request was due. Percentiles are those of all "
        "requests of their span, to three digits, and never averaged.",
    )


def _header(report: Report) -> Markup:
    standings = [each.verdict.value for each in report.thresholds]
    words = {"good": "✓ every threshold passed", "bad": "✗ a threshold failed"}
    badge: Content = ()
    if standings:
        colour = "good" if all(each == "passed" for each in standings) else "bad"
        badge = element("span", words[colour], class_=f"badge {colour}")
    limited = report.generator.verdict == "generator-limited"
    generator = element(
        "span",
        f"{'! ' if limited else '✓ '}{report.generator.verdict or 'generator not judged'}",
        class_=f"badge {'warn' if limited else 'good'}",
    )
    where = f"{report.run.target} · {report.run.started} · {duration_text(report.duration_s)}"
    ending = "goes on" if report.run.stop is None else f"ended: {report.run.stop.value}"
    return element(
        "header",
        element("h1", report.run.name),
        badge,
        generator,
        element("span", f"{where} · {ending} · {report.run.model} model", class_="where"),
    )


def _tiles(report: Report) -> Markup:
    values = msgspec.to_builtins(report)
    tiles = (
        element(
            "div",
            element("b", _number(number(values, path))),
            element("span", words),
            class_="tile",
        )
        for path, words in _TILES
        if not path.startswith("latency_ms") or report.latency_ms is not None
    )
    return element("div", *tiles, class_="tiles")


def _navigation(*, has_analyses: bool) -> Markup:
    links = [("over-time", "Over time"), ("endpoints", "Endpoints")]
    if has_analyses:
        links.append(("analysis", "Analysis"))
    tools = element(
        "span",
        element("button", "log scale", id="scale", type="button"),
        element("button", "whole run", id="unzoom", type="button", hidden=True),
        element("button", "light / dark", id="theme", type="button"),
        class_="tools",
    )
    whole = element("option", "all requests", value="")
    lane = element("select", whole, id="lane", title="whose requests the charts show")
    return element("nav", *(element("a", text, href=f"#{key}") for key, text in links), lane, tools)


def _main_charts() -> Iterator[Markup]:
    yield element(
        "p",
        "Drag to zoom into all charts at once, double-click to see the whole run again; "
        "arrow keys move the cursor. Shaded: the generator itself was the limit.",
        class_="note",
    )
    yield _figure("latency", "wide")
    yield _figure("heat", "wide")
    yield element("div", *map(_figure, _MAIN_CHARTS), class_="charts")
    yield element("div", _figure("distribution"), _figure("curve"), class_="charts")


def _places(page: Page, tables: dict[str, Table]) -> Iterator[Markup]:
    for title, key in _PLACES:
        charts = [chart for chart in page.charts if chart.group == title]
        if key in tables or charts:
            yield element("h2", title)
        if key in tables:
            yield _table(tables[key])
        figures = (_figure(chart.key, "small") for chart in charts)
        yield element("div", *figures, class_="charts")


def _section(title: str, tables: Sequence[Table], *, key: str | None = None) -> Iterator[Markup]:
    if not tables:
        return
    yield element("h2", title, id=key)
    for table in tables:
        if table.title != title:
            yield element("h3", table.title)
        yield _table(table)


def _figure(key: str, size: str | None = None) -> Markup:
    without = element("noscript", "This chart is drawn by JavaScript, which is off.")
    return element(
        "figure",
        element("figcaption", without),
        element("div", class_="plot"),
        data_chart=key,
        class_=size,
    )


def _table(table: Table, *, is_sortable: bool = False) -> Markup:
    numeric = _numeric_columns(table)
    head: Content = ()
    if table.columns:
        cells = (
            element("th", text, class_="n" if at in numeric else None)
            for at, text in enumerate(table.columns)
        )
        head = element("thead", element("tr", *cells))
    rows = (element("tr", *_cells(row, numeric)) for row in table.rows)
    classes = "sortable" if is_sortable else None
    inside = element("table", head, element("tbody", *rows), data_key=table.key, class_=classes)
    return element("div", inside, class_="scroll")


def _cells(row: Iterable[Cell], numeric: set[int]) -> Iterator[Markup]:
    for at, cell in enumerate(row):
        colour = _STANDINGS.get(cell.text.partition(" ")[2])
        classes = " ".join(filter(None, ("n" if at in numeric else "", colour)))
        yield element("td", _number(cell), class_=classes or None)


def _numeric_columns(table: Table) -> set[int]:
    return {at for row in table.rows for at, cell in enumerate(row) if cell.path}


def _number(cell: Cell) -> Content:
    """A number says where in report.json it stands, and what it is there to the last digit."""
    if not cell.path:
        return cell.text
    return element("data", cell.text, value=cell.value, data_path=cell.path)


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"'sha256-{digest}'"
