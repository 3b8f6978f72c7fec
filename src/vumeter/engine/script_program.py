"""A scenario that is written in Python made ready: three calls of its coroutines, as a program."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

from vumeter.engine.meters import NO_METERS, Meter
from vumeter.engine.program import Operation, Pause, Program, Walker, drawn
from vumeter.engine.recorder import Recorder
from vumeter.engine.script import Script
from vumeter.engine.script_calls import Calls
from vumeter.engine.script_user import ScriptedUser
from vumeter.model.plan import Scenario
from vumeter.model.plan import Script as Place
from vumeter.script.loading import load
from vumeter.script.readonly import frozen
from vumeter.script.scenario import Act
from vumeter.script.scenario import Scenario as Declared
from vumeter.script.vu import Vu
from vumeter.script.writer import Writer

if TYPE_CHECKING:
    from vumeter.engine.crowd import Crowd


class Play:
    """Call a coroutine of the script's, and go on when it has returned."""

    __slots__ = ("_act", "_then")

    def __init__(self, act: Act, then: int) -> None:
        self._act = act
        self._then = then

    def take(self, walker: Walker) -> int:
        """Hand it to the VU, which is one that plays scripts."""
        return cast(ScriptedUser, walker).play(self._act, self._then)

    def successors(self) -> tuple[int]:
        """Return what follows its end."""
        return (self._then,)


class Hear:
    """Tell a coroutine what it waits for."""

    __slots__ = ()

    def take(self, walker: Walker) -> int:
        """Hand it to the VU."""
        return cast(ScriptedUser, walker).hear()

    def successors(self) -> tuple[()]:
        """Return nothing: the coroutine knows."""
        return ()


class PlayedScript(Script):
    """What VUs of a scenario do that is written in Python."""

    def __init__(
        self,
        scenario: Scenario,
        place: Place,
        recorders: dict[str, Recorder],
        *,
        keep_alive: bool,
        cookies: bool,
        seed: int,
        provided: bytes = b"",
        meters: Mapping[str, Meter] = NO_METERS,
    ) -> None:
        super().__init__(scenario, recorders, keep_alive=keep_alive, cookies=cookies, seed=seed)
        self.heeds_answers = True
        self.calls = Calls(recorders, keep_alive=keep_alive, cookies=cookies)
        self.path = place.path
        self.shown = f"{scenario.name}()"
        """What is counted of the script itself is counted under this name."""
        self.own_checks = self.calls.recorder(self.shown).checks
        """Those of a script that has called nothing yet."""
        self._place = place
        self._writer = Writer(target=place.target, timeout_s=place.timeout_s, keep_alive=keep_alive)
        self.first_origin = self._writer.origin
        self._data = frozen(msgspec.json.decode(provided)) if provided else None
        self._meters = meters
        declared = self._declared(place)
        self.has_farewell = declared.stop is not None
        self.hears = self._build(declared)
        """The address at which a coroutine hears what became of its request."""

    def user(self, crowd: "Crowd", rng: random.Random, *, number: int) -> ScriptedUser:
        """Return a VU that plays this."""
        return ScriptedUser(crowd, self, rng, number=number)

    def face(self, user: ScriptedUser) -> Vu:
        """Return what the script sees of *user*."""
        return Vu(user, self._writer, data=self._data)

    def _declared(self, place: Place) -> Declared:
        script = load(Path(place.path))
        for metric in script.metrics:
            # Those that were not there when the plan was made count nothing, and say so.
            if metric.name in self._meters:
                metric.count_in(self._meters[metric.name])
        return next(each for each in script.scenarios if each.name == place.scenario)

    def _build(self, declared: Declared) -> int:
        program = self.program
        then = program.steps_end
        if declared.think is not None:
            then = _add(program, Pause(drawn(declared.think), then), leads_to_request=False)
        program.steps = _add(program, Play(declared.act, then))
        if declared.start is not None:
            program.on_start = _add(program, Play(declared.start, program.on_start))
        if declared.stop is not None:
            program.on_stop = _add(program, Play(declared.stop, program.on_stop))
        return _add(program, Hear())


def _add(program: Program, operation: Operation, *, leads_to_request: bool = True) -> int:
    program.operations += (operation,)
    program.leads_to_request += (leads_to_request,)
    return len(program.operations) - 1
