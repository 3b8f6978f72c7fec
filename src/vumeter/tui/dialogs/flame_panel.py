"""What the target's functions did while load was on them: the hottest, and the stacks."""

from collections.abc import Callable, Iterator, Sequence

from textual.events import Key

from vumeter.model.flame import Flame, Flames
from vumeter.stats.stacks import Box, Hot, boxes, hottest, stacks_of
from vumeter.tui.format import clock_text, percent_text
from vumeter.tui.terminal import Ink
from vumeter.tui.widgets.bars import bar
from vumeter.tui.widgets.line import Line, wrapped
from vumeter.tui.widgets.panel import Panel, pair, rule, sentence, title

_MOVES = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": 10, "pageup": -10}
_OTHERS = {"left": -1, "right": 1}
_TAKES = "P"
_BAR_WIDTH = 10
_MOST_HOT = 12
_REMARK_ROWS = 2
_SELF_WIDTH, _TOTAL_WIDTH = 9, 7
_LEAST_PICTURE = 3
_TRUNK_RATIO = 0.8
"""What so many samples have in common is above the picture: frameworks are deep."""
_HOT_RATIO = 0.1
"""A function with a tenth of the samples of its own stands out."""

NONE_YET = (
    "none yet. P, then y, takes one: py-spy reads for 10 s, 100 times a second, which functions of "
    "the target's process are at work. It does not stop it, and uses a part of a core itself. The "
    "target has to be a Python on the host of this run; vumeter ctl RUN profile for 30s pid 811 "
    "takes another time or process."
)

NONE = "no flame graph was taken in this run by then"


class FlamePanel(Panel):
    """
    One flame graph of those that were taken.

    Args:
        on_close: Called when it is over.
    """

    def __init__(self, *, on_close: Callable[[], None], id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._on_close = on_close
        self._take: Callable[[], None] | None = None
        self._choose: Callable[[int], None] = lambda _: None
        self._flames = Flames()
        self._flame: Flame | None = None
        self._hot: list[Hot] = []
        self._boxes: list[Box] = []
        self._selected = 0

    @property
    def flames(self) -> Flames:
        """What there was when it was asked last."""
        return self._flames

    def open(self, *, take: Callable[[], None] | None, choose: Callable[[int], None]) -> None:
        """
        Wait for what there is.

        *take* takes another one, where this viewer may; *choose* is told the id of one to show.
        """
        self._take, self._choose = take, choose
        self._flames = Flames()
        self.show(None)

    def show_state(self, flames: Flames) -> None:
        """Say which there are, and what is being looked at."""
        self._flames = flames
        self.repaint()

    def show(self, flame: Flame | None) -> None:
        """Show *flame*; `None`: none."""
        self._flame, self._selected = flame, 0
        stacks = stacks_of(flame.stacks) if flame else ()
        self._hot, self._boxes = hottest(stacks), list(boxes(stacks))
        self.repaint()

    def take(self, event: Key) -> None:
        """Take a key: move, turn to another one, take one, or leave."""
        if event.key in _MOVES:
            self._selected += _MOVES[event.key]
            self._selected = min(max(self._selected, 0), max(len(self._hot) - 1, 0))
            self.repaint()
        elif event.key in _OTHERS:
            self._turn(_OTHERS[event.key])
        elif event.character == _TAKES and self._take is not None:
            self._take()
        else:
            self._on_close()

    def take_text(self, _text: str) -> None:
        """Close: nothing is pasted here."""
        self._on_close()

    def _turn(self, by: int) -> None:
        ids = [head.id for head in self._flames.kept]
        if self._flame is not None and self._flame.id in ids:
            at = ids.index(self._flame.id) + by
            if 0 <= at < len(ids):
                self._choose(ids[at])

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title, what is being looked at, the hottest functions and the stacks."""
        look, flame = self.look, self._flame
        lines = [self._title(width), *self._news(width)]
        if flame is None:
            words = NONE if self._take is None else NONE_YET
            if not self._flames.at_work:
                lines += [sentence(look, each) for each in wrapped(words, width - 2, look)]
            return lines
        for text in wrapped(flame.remark, width - 2, look)[:_REMARK_ROWS]:
            lines.append(sentence(look, text, ink=Ink.WARN))
        where = f", drawn in {flame.svg}" if flame.svg else ""
        words = f"from {clock_text(flame.second)} on, for {flame.author}{where}"
        lines.append(sentence(look, words).crop_to(width))
        room = height - len(lines)
        lines += self._table(width, min(_MOST_HOT, len(self._hot), max(1, room // 2 - 1)))
        return [*lines, *self._picture(width, height - len(lines))]

    def _title(self, width: int) -> Line:
        look, flame = self.look, self._flame
        takes = "" if self._take is None else "P takes one   "
        if flame is None:
            return rule(look, width, [title(look, "profiler")], right=f"{takes}esc")
        number = f"flame graph {flame.id} of {self._flames.kept[-1].id if self._flames.kept else 1}"
        parts = [
            title(look, number),
            (0, pair(look, f"pid {flame.pid}", flame.title)),
            (1, pair(look, "samples", f"{flame.samples} in {flame.duration_s:.0f} s")),
        ]
        return rule(look, width, parts, right=f"{takes}← → others   esc")

    def _news(self, width: int) -> Iterator[Line]:
        look, work = self.look, self._flames.at_work
        if work is not None:
            which = f"into pid {work.pid} {work.title}" if work.pid else "for the process"
            until = clock_text(work.second + work.duration_s)
            yield sentence(look, f"py-spy looks {which}, until {until}", ink=Ink.ACTIVE)
        for text in wrapped(self._flames.problem, width - 2, look):
            yield sentence(look, text, ink=Ink.WARN)

    def _table(self, width: int, rows: int) -> list[Line]:
        look = self.look
        start = min(max(0, self._selected - rows + 1), max(0, len(self._hot) - rows))
        shown = enumerate(self._hot[start : start + rows], start)
        head = Line(look).add_right("self", _SELF_WIDTH, Ink.DIM)
        head.add_right("total", _BAR_WIDTH + 1 + _TOTAL_WIDTH, Ink.DIM)
        head.add("   function (file), and its line that was met most", Ink.DIM).crop_to(width)
        return [head, *(self._row(hot, at == self._selected, width) for at, hot in shown)]

    def _row(self, hot: Hot, is_selected: bool, width: int) -> Line:
        look, samples = self.look, max(1, sum(each.own for each in self._hot))
        line = Line(look).add(f" {look.glyphs.selected if is_selected else ' '} ", Ink.ACTIVE)
        line.add_right(percent_text(hot.own / samples), _SELF_WIDTH - line.width, Ink.VALUE)
        line.add(" ").extend(bar(hot.own / samples, width=_BAR_WIDTH, look=look))
        line.add_right(percent_text(hot.total / samples), _TOTAL_WIDTH).add("   ")
        line.add(hot.function, Ink.STRONG if is_selected else Ink.TEXT)
        return line.add(f":{hot.line}" if hot.line else "", Ink.DIM).crop_to(width)

    def _picture(self, width: int, height: int) -> list[Line]:
        """Return the stacks, who calls above what it calls, as deep as there is room."""
        if height < _LEAST_PICTURE or not self._boxes:
            return []
        look, first = self.look, _trunk(self._boxes)
        shared = f"; nearly all have the same {first} above" if first else ""
        words = Line(look).add(f"each as wide as its share, below its caller{shared}", Ink.DIM)
        rows = [rule(look, width, [title(look, "stacks"), (1, words)])]
        for depth in range(first, first + height - 1):
            found = [box for box in self._boxes if box.depth == depth]
            if found:
                rows.append(self._level(found, width))
        return rows

    def _level(self, found: Sequence[Box], width: int) -> Line:
        look, samples = self.look, max(1, sum(each.own for each in self._hot))
        chosen = self._hot[self._selected].function if self._hot else ""
        line = Line(look)
        for box in sorted(found, key=lambda box: box.start):
            left = box.start * width // samples
            room = (box.start + box.samples) * width // samples - left - 1
            if room < 0:
                continue  # thinner than a column
            ink = Ink.WARN if box.own >= _HOT_RATIO * samples else Ink.TEXT
            line.pad_to(left).add(look.glyphs.divider, Ink.RULE)
            name = box.name.rpartition(" (")[0] or box.name
            line.add_fitted(name, room, Ink.SELECTED if box.name == chosen else ink)
        return line


def _trunk(found: Sequence[Box]) -> int:
    """Return how many calls from the outside on nearly every stack has, but for the last one."""
    widest: dict[int, int] = {}
    for box in found:
        widest[box.depth] = max(widest.get(box.depth, 0), box.samples)
    whole = sum(box.own for box in found)
    splits = (depth for depth in sorted(widest) if widest[depth] < _TRUNK_RATIO * whole)
    return max(0, next(splits, len(widest)) - 1)
