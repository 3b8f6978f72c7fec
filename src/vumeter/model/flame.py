"""Flame graphs of a target: which of its functions were at work while load was on it."""

from msgspec import Struct


class FlameHead(Struct, frozen=True, kw_only=True):
    """What a list of them says."""

    id: int
    """From 1 on."""
    second: float
    """Run time at which the profiler began to look."""
    duration_s: float
    """For how long it looked; of one at work, for how long it will."""
    rate_per_s: float
    """How often it looked."""
    pid: int = 0
    title: str = ""
    """The process, as it calls itself: "python3 -m shop"; plain text. Empty: not found yet."""
    author: str = ""
    """Who asked."""
    samples: int = 0
    """How many stacks of working threads were seen; a thread that waits is not seen."""
    hottest: str = ""
    """The function with the most samples of its own, and its share: "burn (shop/web.py) 83 %"."""
    remark: str = ""
    """What there is to know before it is believed; plain text."""
    svg: str = ""
    """Where it was drawn, a path on the run's host; empty: nowhere."""

    @property
    def words(self) -> str:
        """It in a line, for people."""
        most = f", most of them in {self.hottest}" if self.hottest else ""
        remark = f" ({self.remark})" if self.remark else ""
        return (
            f"flame graph {self.id} of pid {self.pid} {self.title}: {self.samples} samples in "
            f"{self.duration_s:.0f} s{most}{remark}"
        )


class Flame(FlameHead, frozen=True, kw_only=True):
    """The stacks themselves."""

    stacks: str
    """Collapsed, as flamegraph.pl and speedscope read them: frames from the outside in; count."""

    @property
    def head(self) -> FlameHead:
        """The same without the stacks."""
        return FlameHead(**{name: getattr(self, name) for name in FlameHead.__struct_fields__})


class Flames(Struct, frozen=True, kw_only=True):
    """How a run stands with its profiler."""

    kept: tuple[FlameHead, ...] = ()
    """Oldest first."""
    at_work: FlameHead | None = None
    """What is being looked at now."""
    problem: str = ""
    """Why there is none of the last that was asked for; empty: there is one."""
