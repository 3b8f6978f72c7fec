"""When the terminal's bell rings: once for each firing of an alert that wants it. Pure."""

from vumeter.model.frame import Frame


class Bell:
    """Remembers which firings one viewer has heard of."""

    def __init__(self) -> None:
        self._heard: dict[str, int] | None = None

    def hears(self, frame: Frame) -> bool:
        """
        Return whether something fires in *frame* that did not before.

        What had fired when the viewer came is old. Frames may be skipped: firings are counted.
        """
        former = self._heard
        self._heard = {alert.name: alert.firings for alert in frame.alerts}
        return former is not None and any(
            alert.bell and not alert.is_acknowledged and alert.firings > former.get(alert.name, 0)
            for alert in frame.alerts
        )
