"""A question that one key answers: another one than the key that brought it up, never Enter."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from textual.events import Key
from textual.timer import Timer

from vumeter.tui.terminal import Ink
from vumeter.tui.widgets.line import Line
from vumeter.tui.widgets.panel import Panel

DISARMS_AFTER_S = 5


class Answer(Struct, frozen=True, kw_only=True):
    """One way to answer."""

    text: str
    act: Callable[[], None]


class Question(Struct, frozen=True, kw_only=True):
    """Something that must be confirmed, with a key for each answer."""

    text: str
    answers: Mapping[str, Answer]
    expires: bool = True
    """Whether it disarms by itself; a question whose answers hurt does."""


class QuestionBar(Panel):
    """
    The open question. Any key that is no answer says no, and does nothing else.

    Args:
        on_close: Called when the question is over, answered or not.
    """

    def __init__(self, *, on_close: Callable[[], None], id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._on_close = on_close
        self._question: Question | None = None
        self._left_s = 0
        self._timer: Timer | None = None

    @property
    def is_open(self) -> bool:
        """Whether something is being asked."""
        return self._question is not None

    def open(self, question: Question) -> None:
        """Ask *question*, for five seconds where it expires."""
        self._silence()
        self._question = question
        self._left_s = DISARMS_AFTER_S
        if question.expires:
            self._timer = self.set_interval(1.0, self._tick)
        self.repaint()

    def close(self) -> None:
        """Stop asking."""
        self._silence()
        self._question = None
        self._on_close()

    def take(self, event: Key) -> None:
        """Answer, or disarm."""
        assert self._question is not None, "only an open question is given keys"
        answer = self._question.answers.get(event.character or event.key)
        self.close()
        if answer is not None:
            answer.act()

    def take_text(self, _text: str) -> None:
        """Disarm: what is pasted answers nothing."""
        self.close()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the question and its answers, on two rows where there are two."""
        if self._question is None:
            return []
        text = Line(self.look).add(f" {self._question.text} ", Ink.ALARM)
        answers = Line(self.look).add(" ")
        for key, answer in self._question.answers.items():
            answers.add(key, Ink.KEY).add(f" {answer.text}   ", Ink.TEXT)
        answers.add("any other key", Ink.KEY).add(" cancels", Ink.DIM)
        if self._question.expires:
            answers.add(f"   disarms in {self._left_s}s", Ink.DIM)
        if height > 1:
            return [text, answers]
        return [text.add(" ").extend(answers).crop_to(width)]

    def _tick(self) -> None:
        self._left_s -= 1
        if self._left_s <= 0:
            self.close()
        else:
            self.repaint()

    def _silence(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
