"""`vumeter chart`: still pictures of a stored run."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from vumeter.cli.flags import RunName
from vumeter.errors import UsageError


class Form(StrEnum):
    """What pictures are written as."""

    SVG = "svg"
    PNG = "png"


def chart(
    run: RunName = None,
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--chart", metavar="NAME", help="Which: latency, rate, …; all. Repeatable. [overview]"
        ),
    ] = None,
    form: Annotated[
        Form | None, typer.Option("--format", help="[as FILE ends, or svg] png is an extra.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Where to; of several charts a folder. [standard output]",
        ),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Only say which there are.")] = False,
) -> None:
    """Draw a run: times, their distribution, throughput and errors in one figure, or any chart."""
    from vumeter.link import archive
    from vumeter.report.charts import charts_of, limits_of
    from vumeter.report.course import course_of
    from vumeter.report.panels import OVERVIEW, panels_of
    from vumeter.report.svg import figure
    from vumeter.store.reader import open_run

    folder = archive.find(run)
    summary = archive.summary(folder)
    with open_run(folder.store) as stored:
        course = course_of(stored, summary)
    panels = panels_of(course, charts_of(course), limits_of(summary))
    if listed:
        print("overview", *panels, sep="\n")
        return
    wanted = list(panels) if names == ["all"] else names or ["overview"]
    for name in wanted:
        if name != "overview" and name not in panels:
            raise UsageError(f'--chart: there is no chart "{name}".', hint="--list has them all.")
    form = form or (Form.PNG if output and output.suffix == ".png" else Form.SVG)
    for name in wanted:
        keys = OVERVIEW if name == "overview" else (name,)
        svg = figure([panels[key]() for key in keys], columns=2)
        is_one = len(wanted) == 1
        place = output if output is None or is_one else output / f"{name}.{form}"
        _write(svg, form, place)


def _write(svg: str, form: Form, path: Path | None) -> None:
    from vumeter.report.raster import png_bytes

    content = png_bytes(svg) if form is Form.PNG else svg.encode()
    if path is None:
        sys.stdout.buffer.write(content)
        return
    try:
        if not path.parent.exists():
            path.parent.mkdir()
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"--output: {path}: {error.strerror}.") from error
