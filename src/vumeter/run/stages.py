"""Which stages of which plans begin, for the event log and the charts."""

from collections.abc import Iterator

from vumeter.model.throttle import Lever, ThrottleState
from vumeter.run.words import amount, over, span, stage

_Place = tuple[str, Lever]


class StageWatch:
    """Compares each look at the throttles with the last one."""

    def __init__(self) -> None:
        self._seen: dict[_Place, int | None] = {}

    def begun(self, states: tuple[ThrottleState, ...]) -> Iterator[tuple[str, str]]:
        """Yield a line for the log, and a label, for each stage that has begun since."""
        for state in states:
            place = state.scenario, state.lever
            if state.stage is not None and self._seen.get(place) != state.stage:
                yield _line(state, state.stage), stage(state.stage + 1, len(state.stages))
            self._seen[place] = state.stage


def _line(state: ThrottleState, index: int) -> str:
    present = state.stages[index]
    lasts_s = present.end_s - present.start_s
    lever = amount(state.lever, present.target)
    aim = (
        f"{lever} for {span(lasts_s)}" if present.kind == "steady" else f"to {lever}{over(lasts_s)}"
    )
    return f"{state.scenario}: {stage(index + 1, len(state.stages))}, {aim}"
