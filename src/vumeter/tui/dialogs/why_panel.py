"""What may explain slow or failing seconds, the likeliest first."""

from collections.abc import Callable, Iterator, Sequence

from textual.events import Key

from vumeter.model.explanation import CAVEAT, Confidence, Explanation, Finding, Question
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.axis import run_time_text
from vumeter.tui.widgets.line import Line, wrapped
from vumeter.tui.widgets.panel import Panel, pair, rule, sentence, title
from vumeter.tui.widgets.series_chart import series_text

_MOVES = {"down": 1, "j": 1, "up": -1, "k": -1}
_ENTERS = ("enter", "ctrl+j")
_INKS = {Confidence.HIGH: Ink.GOOD, Confidence.FAIR: Ink.VALUE, Confidence.LOW: Ink.DIM}
_INDENT = 3
_CULPRIT_ROWS = 3


class WhyPanel(Panel):
    """
    An explanation, from which a series can be put under the latency chart.

    Args:
        on_close: Called when it is over.
    """

    def __init__(self, *, on_close: Callable[[], None], id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._on_close = on_close
        self._found: Explanation | None = None
        self._question = Question.LATENCY
        self._ask: Callable[[Question], None] = lambda _: None
        self._choose: Callable[[str], None] = lambda _: None
        self._selected = 0

    def open(self, *, ask: Callable[[Question], None], choose: Callable[[str], None]) -> None:
        """Wait for an answer; *ask* asks another question, *choose* takes a series."""
        self._ask, self._choose = ask, choose
        self._found, self._question, self._selected = None, Question.LATENCY, 0
        self.repaint()

    def show(self, found: Explanation | None) -> None:
        """Show the answer; `None`: the run cannot be asked."""
        self._found, self._selected = found, 0
        if found is None:
            self._on_close()
        else:
            self._question = found.question
        self.repaint()

    def take(self, event: Key) -> None:
        """Take a key: move, choose, ask the other question, or leave."""
        findings = self._found.findings if self._found else ()
        if event.key in _MOVES:
            self._selected += _MOVES[event.key]
            self._selected = min(max(self._selected, 0), max(len(findings) - 1, 0))
            self.repaint()
        elif event.key == "e":
            other = Question.ERRORS if self._question is Question.LATENCY else Question.LATENCY
            self._ask(other)
        else:
            self._on_close()
            if event.key in _ENTERS and findings:
                self._choose(findings[self._selected].series)

    def take_text(self, _text: str) -> None:
        """Close: nothing is pasted here."""
        self._on_close()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title, the findings around the selected one, and the warning."""
        look, found = self.look, self._found
        if found is None:
            return [rule(look, width, [title(look, "why")]), sentence(look, "looking back …")]
        head = why_title(found, width=width, look=look)
        if found.problem:
            words = f"{found.problem}: {_ADVICE}"
            return [head, *(sentence(look, line) for line in wrapped(words, width - 2, look))]
        blocks = [
            finding_lines(each, at == self._selected, width=width, look=look)
            for at, each in enumerate(found.findings)
        ]
        tail = f"{CAVEAT}; {found.compared} series compared"
        room = height - 2
        first = 0
        while first < self._selected and sum(map(len, blocks[first : self._selected + 1])) > room:
            first += 1
        lines = [line for block in blocks[first:] for line in block][:room]
        return [head, *lines, Line(look).add(f" {tail}", Ink.WARN).crop_to(width)]


_ADVICE = "look at a time with slow seconds in it (t, arrows), or at a longer one (.)"


def why_title(found: Explanation, *, width: int, look: Look) -> Line:
    """Return the rule above: what is explained, of which time, and how it changed."""
    parts = [
        title(look, f"why {found.question.words}"),
        (
            0,
            Line(look).add(
                f"{run_time_text(found.from_second)} – {run_time_text(found.to_second)}", Ink.VALUE
            ),
        ),
    ]
    if found.typical is not None and found.worst is not None:
        name = found.question.series
        change = (
            f"{series_text(name, found.typical)} {look.glyphs.to} {series_text(name, found.worst)}"
        )
        parts.append((1, pair(look, found.question.words, change)))
    other = "errors" if found.question is Question.LATENCY else "latency"
    return rule(look, width, parts, right=f"e {other}   enter shows it   esc")


def finding_lines(finding: Finding, is_selected: bool, *, width: int, look: Look) -> list[Line]:
    """Return the sentence with its confidence and the change, and who was to blame."""
    mark = look.glyphs.selected if is_selected else " "
    head = Line(look).add(f" {mark} ", Ink.ACTIVE)
    head.add(finding.sentence, Ink.STRONG if is_selected else Ink.TEXT)
    head.add("  ").add(f"{finding.confidence.value} confidence", _INKS[finding.confidence])
    change = (
        f"{finding.series}  {series_text(finding.series, finding.typical)} {look.glyphs.to} "
        f"{series_text(finding.series, finding.worst)}"
    )
    second = Line(look).pad_to(_INDENT).add(change, Ink.VALUE)
    if finding.also:
        second.add(f"  also {', '.join(each.rpartition('.')[2] for each in finding.also)}", Ink.DIM)
    return [head.crop_to(width), second.crop_to(width), *_culprit_lines(finding, width, look)]


def _culprit_lines(finding: Finding, width: int, look: Look) -> Iterator[Line]:
    for text in wrapped(finding.culprit, width - _INDENT - 1, look)[:_CULPRIT_ROWS]:
        yield Line(look).pad_to(_INDENT).add(text, Ink.WARN).crop_to(width)
