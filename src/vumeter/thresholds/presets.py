"""Ready-made alerts, by the name of their set."""

from collections.abc import Mapping
from enum import StrEnum

from vumeter.errors import ProfileError
from vumeter.model.alert import Alert, AlertLevel
from vumeter.thresholds.alerts import alert_of
from vumeter.thresholds.grammar import near


class Preset(StrEnum):
    """The name of a set."""

    USUAL = "usual"


PRESETS: Mapping[Preset, tuple[Alert, ...]] = {
    Preset.USUAL: (
        Alert(
            name="slow",
            metric="http_req_duration",
            expression="p(95) > 400ms over 10s for 5s",
            margin_ratio=0.1,
        ),
        Alert(
            name="errors",
            metric="http_req_failed",
            expression="rate > 0.05% over 10s",
            level=AlertLevel.CRITICAL,
        ),
        Alert(
            name="cpu",
            metric="host.cpu",
            expression="value > 80% for 10s",
            margin_ratio=0.1,
        ),
        Alert(
            name="memory",
            metric="host.memory.free",
            expression="value < 20% for 10s",
            margin_ratio=0.1,
        ),
    ),
}
"""What most would write for themselves. docs/alerts.md says the same for people."""


def alerts_in(text: str) -> tuple[Alert, ...]:
    """
    Return the alerts that *text* stands for: a set by its name, or one alert by its rule.

    >>> [alert.name for alert in alerts_in("usual")]
    ['slow', 'errors', 'cpu', 'memory']

    Raises:
        ProfileError: It is neither.
    """
    word = text.strip()
    if word in list(Preset):
        return PRESETS[Preset(word)]
    if word.isidentifier():
        raise ProfileError(
            f'there is no set of alerts "{word}".',
            hint=near(word, Preset) or f"There is: {', '.join(Preset)}.",
        )
    return (alert_of(text),)
