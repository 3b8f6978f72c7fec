"""Taking secrets out of whatever is stored: names, texts, what was typed and what targets said."""

from collections.abc import Mapping

from msgspec.structs import replace

from vumeter.model.frame import Event
from vumeter.model.measure import Reading, Snapshot, Tally
from vumeter.model.probes import PostgresReading
from vumeter.stats.redaction import Redactor
from vumeter.stats.tally import merge


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
        postgres = reading.postgres
        return replace(
            reading,
            tallies=self._tallies(reading.tallies),
            postgres=None if postgres is None else self._postgres(postgres),
        )

    def snapshot(self, snapshot: Snapshot) -> Snapshot:
        """Return *snapshot* as it may be stored."""
        return replace(snapshot, tallies=self._tallies(snapshot.tallies))

    def _tallies(self, tallies: Mapping[str, Tally]) -> dict[str, Tally]:
        shown: dict[str, list[Tally]] = {}
        for name, tally in tallies.items():
            # Two names may differ by a secret alone: what then has one name is one endpoint.
            shown.setdefault(self._name(name), []).append(self._with_shown_checks(tally))
        return {name: merge(several) for name, several in shown.items()}

    def _with_shown_checks(self, tally: Tally) -> Tally:
        if all(self._name(name) == name for name in tally.checks):
            return tally
        shown: dict[str, tuple[int, int]] = {}
        for name, (passed, failed) in tally.checks.items():
            before = shown.get(self._name(name), (0, 0))
            shown[self._name(name)] = (before[0] + passed, before[1] + failed)
        return replace(tally, checks=shown)

    def _name(self, name: str) -> str:
        if name not in self._shown:
            self._shown[name] = self._redactor.name(name)
        return self._shown[name]

    def _postgres(self, postgres: PostgresReading) -> PostgresReading:
        text = self._redactor.text
        return replace(
            postgres,
            remark=text(postgres.remark),
            blockers=tuple(
                replace(each, statement=text(each.statement), application=text(each.application))
                for each in postgres.blockers
            ),
        )
