"""The throttle in full, where there is room for it: every lever, its limit, and the way back."""

from collections.abc import Sequence

from textual.reactive import var

from vumeter.model.frame import Undoable
from vumeter.model.throttle import ThrottleState
from vumeter.tui.format import NOTHING, age_text, number_text, target_text
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.line import Line, joined
from vumeter.tui.widgets.panel import FramePanel, pair, rule, title
from vumeter.tui.widgets.throttle_row import (
    LEVER_NAMES,
    ActiveLever,
    is_active,
    lever_bar,
    progress_words,
    throttle_words,
)


class ThrottlePanel(FramePanel):
    """Requested, acknowledged and actual of each lever, its limit and step, and undo."""

    active: var[ActiveLever | None] = var(None, init=False)

    def watch_active(self) -> None:
        """Draw which lever is active."""
        self.repaint()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title, the levers, the active one first, and the way back."""
        head = rule(self.look, width, [title(self.look, "throttle")])
        if self.frame is None:
            return [head]
        way_back = [
            _way_back(key, what, self.frame.elapsed_s, width=width, look=self.look)
            for key, what in (("u", self.frame.undo), ("U", self.frame.redo))
            if what is not None
        ]
        room = height - 1 - len(way_back)
        levers = sorted(
            self.frame.throttles, key=lambda throttle: not is_active(throttle, self.active)
        )
        lines: list[Line] = []
        for throttle in levers:
            lines += lever_lines(
                throttle,
                width=width,
                look=self.look,
                is_chosen=is_active(throttle, self.active),
                has_name=len({lever.scenario for lever in levers}) > 1,
            )
        # The way back stands at the foot, where it does not move.
        gap = [Line(self.look)] * max(0, room - len(lines))
        return [head, *lines[:room], *gap, *way_back]


def lever_lines(
    throttle: ThrottleState, *, width: int, look: Look, is_chosen: bool, has_name: bool
) -> list[Line]:
    """Return a lever's lines: value and progress, the value against its limit, the request."""
    mark = look.glyphs.selected if is_chosen else " "
    top = Line(look).add(f"{mark}{LEVER_NAMES[throttle.lever]} ", _name_ink(is_chosen))
    top.add(throttle_words(throttle, look), Ink.STRONG)
    top.add(f" {throttle.scenario}" if has_name else "", Ink.DIM)
    words = progress_words(throttle)
    top.crop_to(width - len(words) - 2).pad_to(width - len(words) - 1)
    top.add(words, Ink.WARN if throttle.held else Ink.ACTIVE)
    limit = target_text(throttle.limit)
    meter = Line(look).add(" ")
    meter.extend(
        lever_bar(throttle, top=throttle.limit, width=max(0, width - len(limit) - 3), look=look)
    )
    meter.add(f" {limit}", Ink.DIM)
    taken = NOTHING if throttle.acknowledged is None else target_text(throttle.acknowledged)
    request = [
        (0, pair(look, "asked", target_text(throttle.requested))),
        (0, pair(look, "taken", taken)),
        (1, pair(look, "step", number_text(throttle.step))),
    ]
    return [top, meter, Line(look).add(" ").extend(joined(request, width - 1, look))]


def _name_ink(is_chosen: bool) -> Ink:
    return Ink.ACTIVE if is_chosen else Ink.DIM


def _way_back(key: str, undoable: Undoable, elapsed_s: float, *, width: int, look: Look) -> Line:
    age = f"{age_text(elapsed_s - undoable.second)} ago"
    line = Line(look).add(f" {key} ", Ink.KEY).add("undoes " if key == "u" else "redoes ", Ink.DIM)
    line.add(undoable.text).crop_to(width - len(age) - 2)
    return line.pad_to(width - len(age) - 1).add(age, Ink.DIM)
