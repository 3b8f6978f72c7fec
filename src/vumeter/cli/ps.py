"""`vumeter ps`: the runs that are going on."""

import asyncio
import sys
from typing import Annotated

import msgspec
import typer
from msgspec import Struct

from vumeter.errors import LinkError
from vumeter.link import folders
from vumeter.link.folders import RunFolder
from vumeter.model.frame import Frame, RunState
from vumeter.model.throttle import Lever
from vumeter.model.verdict import Standing
from vumeter.stats.plaintext import fitted, plain
from vumeter.units import duration_text

_COLUMNS = {
    "RUN": 22,
    "STATE": 12,
    "AGE": 9,
    "VUS": 11,
    "RPS": 11,
    "P95": 9,
    "ERRORS": 7,
    "VERDICTS": 11,
    "VIEWERS": 7,
}


class Row(Struct, frozen=True, kw_only=True):
    """One run, as `--json` has it. `None`: not measured, or not asked for."""

    name: str
    state: str
    """A `RunState`, or "no answer" of a run process that is there and says nothing."""
    socket: str
    age_s: float | None = None
    """Of the load, or of the setup that comes before it."""
    vus: float | None = None
    vus_requested: float | None = None
    requests_per_s: float | None = None
    """Over the last ten seconds, as the percentile."""
    rate_requested_per_s: float | None = None
    p95_us: int | None = None
    requests: int | None = None
    errors: int | None = None
    verdicts: dict[Standing, int] | None = None
    """How many thresholds stand so."""
    viewers: int | None = None
    control: str | None = None
    target: str | None = None


def ps(
    as_json: Annotated[
        bool, typer.Option("--json", help="For scripts: a list, empty where no run is going on.")
    ] = False,
) -> None:
    """List the runs that are going on, newest first."""
    rows = asyncio.run(_rows(folders.live()))
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(rows)).decode() + "\n")
        return
    if not rows:
        print("No run is going on. Start one: vumeter run URL")
        return
    print(_line((*_COLUMNS, "TARGET")))
    for row in rows:
        print(_line(_cells(row)))


async def _rows(runs: list[RunFolder]) -> list[Row]:
    """Return what each run shows now; one that ends at this moment is left out."""
    from vumeter.link.client import status  # the price of aiohttp, where there is a run

    answers = await asyncio.gather(*(status(run.socket) for run in runs), return_exceptions=True)
    rows: list[Row] = []
    for run, answer in zip(runs, answers, strict=True):
        if isinstance(answer, Frame):
            rows.append(_row(run, answer))
        elif not isinstance(answer, LinkError):
            raise answer
        elif folders.is_live(run):
            rows.append(Row(name=run.name, state="no answer", socket=str(run.socket)))
    return rows


def _row(run: RunFolder, frame: Frame) -> Row:
    latency = frame.window.latency
    return Row(
        name=frame.run,
        state=frame.state.value,
        socket=str(run.socket),
        age_s=_age_s(frame),
        vus=sum(state.actual for state in frame.throttles if state.lever is Lever.VUS),
        vus_requested=_requested(frame, Lever.VUS),
        requests_per_s=frame.window.requests_per_s,
        rate_requested_per_s=_requested(frame, Lever.RATE),
        p95_us=None if latency is None else latency.p95_us,
        requests=frame.total.requests,
        errors=frame.total.errors,
        verdicts={
            standing: number
            for standing in Standing
            if (number := sum(verdict.standing is standing for verdict in frame.verdicts))
        },
        viewers=frame.viewers,
        control=frame.control,
        target=frame.target,
    )


def _age_s(frame: Frame) -> float:
    if frame.state is RunState.SETTING_UP and frame.setup is not None:
        return frame.setup.elapsed_s
    return frame.elapsed_s


def _requested(frame: Frame, lever: Lever) -> float | None:
    """Return what was asked for of all throttles; `None`: there is none of this kind."""
    asked = [state.requested for state in frame.throttles if state.lever is lever]
    return sum(asked) if asked else None


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        row.state,
        "-" if row.age_s is None else duration_text(max(1.0, row.age_s // 1)),
        _of(row.vus, row.vus_requested),
        _of(row.requests_per_s, row.rate_requested_per_s),
        "-" if row.p95_us is None else f"{row.p95_us / 1000:.1f}ms",
        "-" if row.errors is None else str(row.errors),
        _verdicts(row.verdicts or {}),
        "-" if row.viewers is None else str(row.viewers),
        plain(row.target or "-"),
    )


def _of(actual: float | None, requested: float | None) -> str:
    if actual is None:
        return "-"
    return f"{actual:.0f}" if requested is None else f"{actual:.0f}/{requested:g}"


def _verdicts(standings: dict[Standing, int]) -> str:
    """
    Return how the thresholds stand: what failed, or else how many have passed.

    >>> _verdicts({Standing.PASSED: 2, Standing.FAILED: 1}), _verdicts({Standing.PASSED: 2})
    ('1/3 failed', '2/2 ok')
    """
    total = sum(standings.values())
    if not total:
        return "-"
    failed = standings.get(Standing.FAILED, 0)
    return (
        f"{failed}/{total} failed" if failed else f"{standings.get(Standing.PASSED, 0)}/{total} ok"
    )


def _line(cells: tuple[str, ...]) -> str:
    columns = [fitted(cell, width) for cell, width in zip(cells, _COLUMNS.values(), strict=False)]
    return " ".join([*columns, cells[-1]])
