"""Taking secrets out of whatever is stored: names, texts, what was typed and what targets said."""

from msgspec.structs import replace

from vumeter.model.frame import Event
from vumeter.model.measure import Reading, Snapshot
from vumeter.stats.redaction import Redactor
from vumeter.stats.summary import by_shown_name


class Hiding:
    """Does so for one run. Names are looked at once each: there are few of them."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._shown: dict[str, str] = {}

    def event(self, event: Event) -> Event:
        """Return *event* as it may be stored."""
        text = self._redactor.text
        return replace(
            event, text=text(event.text), label=text(event.label), author=text(event.author)
        )

    def reading(self, reading: Reading) -> Reading:
        """Return *reading* as it may be stored."""
        return replace(
            reading,
            tallies=by_shown_name(reading.tallies, self._name),
            postgres=self._redactor.texts(reading.postgres),
            watched=self._redactor.texts(reading.watched),
        )

    def snapshot(self, snapshot: Snapshot) -> Snapshot:
        """Return *snapshot* as it may be stored."""
        return replace(snapshot, tallies=by_shown_name(snapshot.tallies, self._name))

    def _name(self, name: str) -> str:
        if name not in self._shown:
            self._shown[name] = self._redactor.name(name)
        return self._shown[name]
