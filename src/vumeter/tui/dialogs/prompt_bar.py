"""One line to type on, and above it what that line would do, anew with each key."""

from collections.abc import Callable, Sequence

from msgspec import Struct
from textual.events import Key

from vumeter.tui.dialogs.line_editor import LineEditor
from vumeter.tui.terminal import Ink
from vumeter.tui.widgets.line import Line
from vumeter.tui.widgets.panel import Panel

TEXT_LIMIT = 200
"""Characters a line may have; more is a slip of the clipboard."""


_ENTERS = ("enter", "ctrl+j")
"""A line that was sent in one burst, by a script or a slow link, may end in a line feed."""


class Preview(Struct, frozen=True, kw_only=True):
    """What the line would do as it stands, or why it would do nothing."""

    text: str
    is_ready: bool
    """Whether Enter will be obeyed."""


class Prompt(Struct, frozen=True, kw_only=True):
    """Something to ask for."""

    label: str
    """What stands before the line: ":", "mark"."""
    preview: Callable[[str], Preview]
    done: Callable[[str], None]
    """Called with the line when Enter was pressed on one that is ready."""
    text: str = ""
    """What the line begins as."""
    past: list[str] = []


class PromptBar(Panel):
    """
    The open prompt. While it is open every key is its own: none acts on the run.

    Args:
        on_close: Called when the prompt is over, done or not.
    """

    def __init__(self, *, on_close: Callable[[], None], id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._on_close = on_close
        self._prompt: Prompt | None = None
        self._editor = LineEditor()
        self._is_refused = False

    @property
    def is_open(self) -> bool:
        """Whether something is being asked."""
        return self._prompt is not None

    def open(self, prompt: Prompt) -> None:
        """Ask for *prompt*."""
        self._prompt = prompt
        self._editor = LineEditor(past=prompt.past)
        self._editor.replace(prompt.text)
        self._is_refused = False
        self.repaint()

    def close(self) -> None:
        """Stop asking."""
        self._prompt = None
        self._on_close()

    def take(self, event: Key) -> None:
        """Take a key, and be it one that does nothing here."""
        assert self._prompt is not None, "only an open prompt is given keys"
        self._is_refused = False
        if event.key in ("escape", "ctrl+c"):
            self.close()
        elif event.key in _ENTERS:
            self._enter(self._prompt)
        elif not self._editor.press(event.key) and event.character and event.is_printable:
            self._type(event.character)
        self.repaint()

    def take_text(self, text: str) -> None:
        """Take what was pasted as if it had been typed; a line break in it does not enter."""
        self._type(text)
        self.repaint()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the preview and the line; the line alone where there is one row."""
        if self._prompt is None:
            return []
        return [self._preview_line(self._prompt, width), self._typed_line(width)][-height:]

    def _type(self, text: str) -> None:
        self._editor.insert(text[: max(0, TEXT_LIMIT - len(self._editor.text))])

    def _enter(self, prompt: Prompt) -> None:
        if not prompt.preview(self._editor.text).is_ready:
            self._is_refused = True
            return
        self._editor.remember()
        line = self._editor.text
        self.close()
        prompt.done(line)

    def _preview_line(self, prompt: Prompt, width: int) -> Line:
        preview = prompt.preview(self._editor.text)
        ink = Ink.BAD if self._is_refused else Ink.ACTIVE if preview.is_ready else Ink.DIM
        keys = Line(self.look).add("enter", Ink.KEY if preview.is_ready else Ink.DIM)
        keys.add(" does it  ", Ink.DIM).add("esc", Ink.KEY).add(" leaves ", Ink.DIM)
        line = Line(self.look).add(f" {preview.text}", ink)
        if line.width + keys.width + 2 > width:
            return line.crop_to(width)
        return line.pad_to(width - keys.width).extend(keys)

    def _typed_line(self, width: int) -> Line:
        label = self._prompt.label if self._prompt else ""
        line = Line(self.look).add(f" {label}", Ink.KEY)
        if len(label) > 1:
            line.add(" ")
        room = max(1, width - line.width - 1)
        # Scrolled so that the cursor stays in sight.
        start = max(0, self._editor.cursor - room + 1)
        shown, at = self._editor.text[start : start + room], self._editor.cursor - start
        line.add(shown[:at], Ink.STRONG).add(shown[at : at + 1] or " ", Ink.SELECTED)
        return line.add(shown[at + 1 :], Ink.STRONG)
