"""`vumeter ps`: the runs that are going on."""

import asyncio

from vumeter.errors import LinkError
from vumeter.link import folders
from vumeter.link.folders import RunFolder
from vumeter.model.frame import Frame, RunState
from vumeter.model.throttle import Lever
from vumeter.stats.plaintext import fitted, plain
from vumeter.units import duration_text

_WIDTHS = (22, 12, 9, 11, 11, 9, 7, 7)
_TITLES = ("RUN", "STATE", "AGE", "VUS", "RPS", "P95", "ERRORS", "VIEWERS")


def ps() -> None:
    """List the runs that are going on, newest first."""
    frames = asyncio.run(_frames(folders.live()))
    if not frames:
        print("No run is going on. Start one: vumeter run URL")
        return
    print(_row((*_TITLES, "TARGET")))
    for frame in frames:
        print(_row(_cells(frame)))


async def _frames(runs: list[RunFolder]) -> list[Frame]:
    """Return what each run shows now; one that ends at this moment is left out."""
    from vumeter.link.client import status  # the price of aiohttp, where there is a run

    answers = await asyncio.gather(*(status(run.socket) for run in runs), return_exceptions=True)
    frames: list[Frame] = []
    for answer in answers:
        if isinstance(answer, Frame):
            frames.append(answer)
        elif not isinstance(answer, LinkError):
            raise answer
    return frames


def _cells(frame: Frame) -> tuple[str, ...]:
    latency = frame.window.latency
    return (
        frame.run,
        frame.state.value,
        duration_text(max(1.0, _age_s(frame) // 1)),
        _lever(frame, Lever.VUS),
        f"{frame.window.requests_per_s:.0f}" + _asked(frame, Lever.RATE),
        "-" if latency is None else f"{latency.p95_us / 1000:.1f}ms",
        str(frame.total.errors),
        str(frame.viewers),
        plain(frame.target),
    )


def _age_s(frame: Frame) -> float:
    """Return the age of the load, or of the setup that comes before it."""
    if frame.state is RunState.SETTING_UP and frame.setup is not None:
        return frame.setup.elapsed_s
    return frame.elapsed_s


def _lever(frame: Frame, lever: Lever) -> str:
    actual = sum(state.actual for state in frame.throttles if state.lever is lever)
    return f"{actual:.0f}" + _asked(frame, lever)


def _asked(frame: Frame, lever: Lever) -> str:
    asked = [state.requested for state in frame.throttles if state.lever is lever]
    return f"/{sum(asked):g}" if asked else ""


def _row(cells: tuple[str, ...]) -> str:
    columns = [fitted(cell, width) for cell, width in zip(cells, _WIDTHS, strict=False)]
    return " ".join([*columns, cells[-1]])
