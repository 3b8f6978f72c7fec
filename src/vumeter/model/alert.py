"""What must not be: alerts of a plan, as they were written."""

from enum import StrEnum

from msgspec import Struct

USUAL_CLEAR_AFTER_S = 5.0


class AlertLevel(StrEnum):
    """How much an alert asks for attention. Of rising urgency."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class AlertChange(StrEnum):
    """What became of an alert, as people, commands and webhooks are told."""

    FIRED = "fired"
    CLEARED = "cleared"
    ENDED = "ended"
    """The run ended while it fired."""


class Alert(Struct, frozen=True, kw_only=True):
    """
    A rule that fires while it is true; `thresholds.alerts` reads it.

    It is written like a threshold and says the opposite: a threshold is what must be.
    """

    name: str
    metric: str
    """With its filter: `http_req_duration{name:checkout}`."""
    expression: str
    """`p(95) > 400ms over 10s for 5s`."""
    level: AlertLevel = AlertLevel.WARNING
    until: str | None = None
    """What must be true of the same metric before it clears; `None`: the opposite."""
    margin_ratio: float = 0.0
    """Without `until`: by how much of the limit it must be better before it clears."""
    clear_after_s: float = USUAL_CLEAR_AFTER_S
    """How long it must be well without a pause before it clears."""
    bell: bool = True
    """Whether the terminals of viewers ring when it fires."""
    command: tuple[str, ...] = ()
    """Program and arguments; what changed is in its environment."""
    webhook: str | None = None
    """Where changes are posted. A secret: chat tools take whoever knows it for a friend."""
