"""What a run watches beside its load, once a second: this host, databases and monitors."""

from vumeter.model.plan import Plan
from vumeter.model.probes import HostReading
from vumeter.probes.host import HostProbe
from vumeter.run.databases import Databases
from vumeter.run.events import EventLog
from vumeter.run.herald import Herald
from vumeter.run.picture import Picture
from vumeter.run.watching import Watching, total_load
from vumeter.stats.redaction import Redactor


class Lookout:
    """Runs the probes of *plan*: `start` it, `look` as each second ends, and `close` it."""

    def __init__(self, plan: Plan, *, redactor: Redactor, events: EventLog, herald: Herald) -> None:
        self.databases = Databases(
            plan,
            redactor=redactor,
            tell=lambda text, level: events.add(text, level=level, author="postgres"),
        )
        self.monitors = Watching(plan, redactor=redactor, tell=herald.tell)
        self._host = HostProbe()
        self._looked_second = -1

    def start(self) -> None:
        """Begin to watch."""
        self.databases.start()
        self.monitors.start()

    async def close(self) -> None:
        """Leave no probe behind."""
        await self.databases.close()
        await self.monitors.close()

    def read_host(self) -> HostReading | None:
        """Return how this host is now; `None`: nobody can say."""
        return self._host.read()

    def look(self, second: int, picture: Picture) -> None:
        """Look at everything as *second* has just ended, once, for *picture*."""
        if second <= self._looked_second:
            return
        self._looked_second = second
        self.databases.look()
        watched = self.monitors.look(second, load=total_load(picture.view.counts.values()))
        picture.add_probes(
            second, self.read_host(), self.databases.first, watched, self.databases.more
        )
