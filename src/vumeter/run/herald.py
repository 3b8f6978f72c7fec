"""What a run tells people as it goes: events for the log, and remarks for its summary too."""

from collections.abc import Iterable

from vumeter.model.frame import EventLevel
from vumeter.run.alarm import AUTHOR, News
from vumeter.run.events import EventLog
from vumeter.stats.plaintext import plain
from vumeter.stats.redaction import Redactor

_KEPT_REMARKS = 200


class Herald:
    """Writes into *events*, and remembers what nobody must miss who was not there."""

    def __init__(self, events: EventLog, redactor: Redactor) -> None:
        self._events = events
        self._redactor = redactor
        self.remarks: list[str] = []
        """For the summary, each once."""

    def tell(self, text: str, level: EventLevel = EventLevel.INFO) -> None:
        """Tell what has happened; it is a remark where it is worse than to be expected."""
        if level is EventLevel.INFO:
            self._events.add(text)
        else:
            self.remark(text, level=level)

    def remark(self, text: str, *, level: EventLevel = EventLevel.WARNING) -> None:
        """Tell, and remember for the summary."""
        self._events.add(text, level=level)
        if text not in self.remarks and len(self.remarks) < _KEPT_REMARKS:
            self.remarks.append(text)

    def remark_of_worker(self, text: str) -> None:
        """Tell what a worker remarks: it knows the plan's secrets, and may have quoted one."""
        self.remark(self._redactor.text(text))

    def repeat(self, place: str, text: str) -> None:
        """Tell what a script has printed. It is no remark on the run, and the summary has none."""
        said = plain(self._redactor.text(text))
        self._events.add(said, level=EventLevel.SCRIPT, author=plain(place))

    def tell_of_comparison(self, text: str) -> None:
        """Tell what has to be known of a comparison; the summary has it with its figures."""
        self._events.add(self._redactor.text(text), level=EventLevel.WARNING)

    def tell_of_thresholds(self, news: Iterable[News]) -> None:
        """Tell which thresholds fail, and which hold again; the summary has their verdicts."""
        shown = self._redactor.text
        for each in news:
            self._events.add(
                shown(each.text), level=each.level, author=AUTHOR, label=shown(each.label)
            )
