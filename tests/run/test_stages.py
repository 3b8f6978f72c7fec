from vumeter.model.throttle import Lever, StageSpan, ThrottleState
from vumeter.run.stages import StageWatch

STAGES = (
    StageSpan(kind="ramp up", start_s=0.0, end_s=10.0, target=100.0),
    StageSpan(kind="steady", start_s=10.0, end_s=100.0, target=100.0),
)


def state(stage: int | None) -> ThrottleState:
    return ThrottleState(
        scenario="main", lever=Lever.RATE, requested=0.0, acknowledged=0.0, target=0.0, actual=0.0,
        eta_s=0.0, held=False, limit=0.0, step=1.0, stages=STAGES, stage=stage,
    )  # fmt: skip


def test_each_stage_is_told_of_once_when_it_begins() -> None:
    watch = StageWatch()
    told = [list(watch.begun((state(stage),))) for stage in (None, 0, 0, 1, 1, None)]
    assert told == [
        [],
        [("main: stage 1/2, to RPS 100 over 10 s", "stage 1/2")],
        [],
        [("main: stage 2/2, RPS 100 for 1m30s", "stage 2/2")],
        [],
        [],
    ]
