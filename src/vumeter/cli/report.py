"""`vumeter report`: a stored run for people, for pages and for pipelines."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vumeter.cli.flags import RunName
from vumeter.errors import UsageError

if TYPE_CHECKING:
    from vumeter.link.folders import RunFolder


class Form(StrEnum):
    """What is written; docs/report.md describes each."""

    TEXT = "text"
    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"
    JUNIT = "junit"
    CSV = "csv"


_ENDINGS = {
    ".html": Form.HTML,
    ".htm": Form.HTML,
    ".md": Form.MARKDOWN,
    ".json": Form.JSON,
    ".xml": Form.JUNIT,
    ".csv": Form.CSV,
}


def report(
    run: RunName = None,
    form: Annotated[
        Form | None,
        typer.Option("--format", help="What is written. [as FILE ends, or text]"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Where to. [standard output]"),
    ] = None,
) -> None:
    """
    Write a report of a stored run, which may still go on.

    html is one file with charts that needs nothing else; junit has a case for each threshold
    and check; csv a line for each endpoint.
    """
    from vumeter.link import archive

    content = _content(archive.find(run), form or _form_of(output))
    if output is None:
        sys.stdout.buffer.write(content)
        return
    from vumeter.run.writing import write_whole

    try:
        write_whole(output, content)
    except OSError as error:
        raise UsageError(f"--output: {output}: {error.strerror}.") from error


def _form_of(output: Path | None) -> Form:
    if output is None:
        return Form.TEXT
    if output.suffix.lower() not in _ENDINGS:
        raise UsageError(
            f"--output: {output} does not say what to write.",
            hint=f"Give --format {'|'.join(Form)}, or a name that ends in {', '.join(_ENDINGS)}.",
        )
    return _ENDINGS[output.suffix.lower()]


def _content(folder: "RunFolder", form: Form) -> bytes:
    from vumeter.link import archive
    from vumeter.report.json_report import report, report_bytes

    summary = archive.summary(folder)
    match form:
        case Form.HTML | Form.MARKDOWN:
            from vumeter.report.analysis.tables import analysis_tables
            from vumeter.report.markdown import markdown
            from vumeter.report.page.html import page_bytes
            from vumeter.report.page.stored import page_of
            from vumeter.store.reader import open_run

            with open_run(folder.store) as stored:
                page = page_of(stored, summary)
            if form is Form.HTML:
                return page_bytes(page)
            return markdown(page.report, analysis_tables(page.analysis)).encode()
        case Form.JSON:
            return report_bytes(summary)
        case Form.JUNIT:
            from vumeter.report.junit import junit_bytes

            return junit_bytes(report(summary))
        case Form.CSV:
            from vumeter.report.endpoint_lines import endpoint_lines

            return "".join(endpoint_lines(report(summary))).encode()
        case Form.TEXT:
            from vumeter.report.terminal import summary_text

            return summary_text(summary, colour=False).encode()
