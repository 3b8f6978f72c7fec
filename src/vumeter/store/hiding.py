"""Taking secrets out of whatever is stored: names, texts, what was typed and what targets said."""

from collections.abc import Mapping

from msgspec.structs import replace

from vumeter.model.balance import Balance
from vumeter.model.frame import Event, Figures
from vumeter.model.measure import Reading, Slow, Snapshot
from vumeter.model.spike import Spike
from vumeter.stats.redaction import Redactor
from vumeter.stats.slowness import slower
from vumeter.stats.summary import by_shown_name, shown_verdict


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
            slowest=self._slowest(reading.slowest),
            postgres=self._redactor.texts(reading.postgres),
            postgres_more={
                name: self._redactor.texts(each) for name, each in reading.postgres_more.items()
            },
            watched=self._redactor.texts(reading.watched),
        )

    def balance(self, balance: Balance) -> Balance:
        """Return *balance* as it may be stored."""
        return replace(
            balance,
            endpoints=self._numbered(balance.endpoints),
            errors=tuple(
                replace(each, endpoint=self._name(each.endpoint)) for each in balance.errors
            ),
            verdicts=tuple(shown_verdict(each, self._redactor) for each in balance.verdicts),
        )

    def spike(self, spike: Spike) -> Spike:
        """Return *spike* as it may be stored."""
        frame = spike.frame
        named = replace(
            frame,
            endpoints=tuple(replace(it, name=self._name(it.name)) for it in frame.endpoints),
            errors=tuple(replace(it, endpoint=self._name(it.endpoint)) for it in frame.errors),
            verdicts=tuple(shown_verdict(it, self._redactor) for it in frame.verdicts),
        )
        return self._redactor.texts(replace(spike, frame=named))

    def snapshot(self, snapshot: Snapshot) -> Snapshot:
        """Return *snapshot* as it may be stored."""
        return replace(
            snapshot,
            tallies=by_shown_name(snapshot.tallies, self._name),
            slowest=self._slowest(snapshot.slowest),
        )

    def _numbered(self, endpoints: Mapping[str, Figures]) -> dict[str, Figures]:
        """Return *endpoints* by names that may be stored, those that are alike numbered."""
        # Tallies of two names that differ by a secret alone become one; percentiles cannot.
        shown: dict[str, Figures] = {}
        for name, figures in endpoints.items():
            plain, number = self._name(name), 1
            while (numbered := plain if number == 1 else f"{plain} ({number})") in shown:
                number += 1
            shown[numbered] = figures
        return shown

    def _slowest(self, slowest: Mapping[str, Slow]) -> dict[str, Slow]:
        return slower({self._name(name): slow} for name, slow in slowest.items())

    def _name(self, name: str) -> str:
        if name not in self._shown:
            self._shown[name] = self._redactor.name(name)
        return self._shown[name]
