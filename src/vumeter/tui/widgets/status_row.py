"""The third row: lights. A value, whether it is well, and in one or two words why not."""

from collections.abc import Iterator, Sequence
from enum import Enum

from vumeter.model.comparison import Comparison
from vumeter.model.frame import Frame
from vumeter.model.measure import GeneratorReading
from vumeter.model.probes import HostReading, PostgresReading, PostgresState
from vumeter.model.verdict import Standing, Verdict
from vumeter.model.watched import Watched, WatchedState
from vumeter.thresholds.words import observed_text, short_text
from vumeter.tui.comparison_words import headline, held_to
from vumeter.tui.format import latency_text, percent_text, share_text, span_text
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.alert_lights import alert_lights
from vumeter.tui.widgets.line import Line, Part, cropped, joined
from vumeter.tui.widgets.panel import FramePanel
from vumeter.tui.widgets.watched_panel import full_in_s

_LONGEST_NAME = 28
"""Cells of a threshold's; a filter can make it as long as it likes."""

_NEAR_RATIO = 0.9
_SOON_S = 3600
_FEW_ERRORS_RATIO = 0.01
"""Errors beyond are bad where no threshold says how many are."""


class Health(Enum):
    """What a light says; *UNKNOWN* where nothing is measured or nothing was promised."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    UNKNOWN = "unknown"


class StatusRow(FramePanel):
    """Lights: alerts, thresholds or the target, the generator, the host and the database."""

    def compose_lines(self, width: int, _height: int) -> Sequence[Line]:
        """Return the row."""
        if self.frame is None:
            return []
        return [status_line(self.frame, width=width, look=self.look)]


def status_line(frame: Frame, *, width: int, look: Look) -> Line:
    """Return the row of lights."""
    target = _threshold_lights(frame, look) if frame.verdicts else _target_lights(frame, look)
    parts = [
        *alert_lights(frame.alerts, look),
        *target,
        (1, _comparison_light(frame.comparison, look)),
        (0, light("GEN", *generator_health(frame.generator), look)),
        (4, _limit_reason(frame.generator, look)),
        (3, light("HOST", *host_health(frame.host), look)),
        (0, light("DB", *database_health(frame.postgres), look)),
        *((1, light(name, *health, look)) for name, health in _ailing(frame.watched)),
    ]
    return Line(look).add(" ").extend(joined(parts, width - 1, look, gap=3))


def _target_lights(frame: Frame, look: Look) -> list[Part]:
    """Without thresholds nothing was promised: numbers, and a light for errors."""
    latency = frame.window.latency
    return [
        (2, _latency("p95", None if latency is None else latency.p95_us, look)),
        (2, _latency("p99", None if latency is None else latency.p99_us, look)),
        (0, _error_light(frame, look)),
    ]


def _threshold_lights(frame: Frame, look: Look) -> list[Part]:
    """How many fail, and a light for each; where room is short, those that fail stay longest."""
    healths = [threshold_health(verdict) for verdict in frame.verdicts]
    bad = sum(health is Health.BAD for health, _ in healths)
    head = light("SLO", Health.BAD, str(bad), look) if bad else Line(look).add("SLO", Ink.DIM)
    lights = [
        (
            1 if health is Health.BAD else 2,
            light(_cropped_name(verdict, look), health, words, look),
        )
        for verdict, (health, words) in zip(frame.verdicts, healths, strict=True)
    ]
    if not any(each.threshold.metric.startswith("http_req_failed") for each in frame.verdicts):
        lights.append((2, _error_light(frame, look)))
    return [(0, head), *lights]


def _cropped_name(verdict: Verdict, look: Look) -> str:
    return cropped(short_text(verdict.threshold), _LONGEST_NAME, look)


def threshold_health(verdict: Verdict) -> tuple[Health, str]:
    """Return how a threshold stands, with what was observed."""
    if verdict.observed is None and verdict.standing is not Standing.FAILED:
        return Health.UNKNOWN, ""
    words = observed_text(verdict)
    if verdict.standing is Standing.FAILED:
        # A window that has recovered has failed the run all the same.
        return Health.BAD, words if verdict.is_failing else f"{words} now"
    return Health.WARN if _is_near_limit(verdict) else Health.GOOD, words


def _is_near_limit(verdict: Verdict) -> bool:
    """Whether a tenth more would be too much; of what may not fall, that says nothing."""
    is_bound_above = "<" in verdict.threshold.expression
    return is_bound_above and (verdict.observed or 0.0) >= _NEAR_RATIO * verdict.limit > 0


def light(name: str, health: Health, words: str, look: Look) -> Line:
    """Return a light: its name, its sign, and what there is to say."""
    sign, ink = signal(health, look)
    return Line(look).add(f"{name} ", Ink.DIM).add(f"{sign} {words}".rstrip(), ink)


def signal(health: Health, look: Look) -> tuple[str, Ink]:
    """Return the glyph and the ink of a health."""
    glyphs = look.glyphs
    return {
        Health.GOOD: (glyphs.good, Ink.GOOD),
        Health.WARN: (glyphs.warn, Ink.WARN),
        Health.BAD: (glyphs.bad, Ink.BAD),
        Health.UNKNOWN: (glyphs.unknown, Ink.DIM),
    }[health]


def generator_health(generator: GeneratorReading | None) -> tuple[Health, str]:
    """Return whether the numbers are the target's: the generator's verdict on itself."""
    if generator is None:
        return Health.UNKNOWN, ""
    if generator.limited:
        return Health.BAD, "LIMIT"
    if generator.cpu_percent >= 85:
        return Health.WARN, f"cpu {share_text(generator.cpu_percent)}"
    return Health.GOOD, ""


def host_health(host: HostReading | None) -> tuple[Health, str]:
    """Return the worst of what the host runs out of."""
    if host is None:
        return Health.UNKNOWN, ""
    memory_percent = 100 * host.memory_used_bytes / max(1, host.memory_total_bytes)
    descriptor_percent = 100 * host.descriptors / max(1, host.descriptor_limit)
    uses = {"cpu": host.cpu_percent, "mem": memory_percent, "fd": descriptor_percent}
    if host.cgroup_memory_bytes is not None and host.cgroup_memory_limit_bytes:
        own_percent = 100 * host.cgroup_memory_bytes / host.cgroup_memory_limit_bytes
        uses["mem"] = max(memory_percent, own_percent)
    name, percent = max(uses.items(), key=lambda use: use[1])
    if percent >= 97:
        return Health.BAD, f"{name} {share_text(percent)}"
    if host.cgroup_throttled_percent:
        # A few periods in which all stood still are enough for latencies that are nobody's.
        return Health.WARN, f"throttled {share_text(host.cgroup_throttled_percent)}"
    return (Health.WARN, f"{name} {share_text(percent)}") if percent >= 90 else (Health.GOOD, "")


def database_health(postgres: PostgresReading | None) -> tuple[Health, str]:
    """Return the worst of what the database says."""
    if postgres is None:
        return Health.UNKNOWN, ""
    if postgres.state is PostgresState.CONNECTING:
        return Health.UNKNOWN, "connecting"
    if postgres.state is not PostgresState.UP:
        return Health.BAD, postgres.state.value
    if postgres.blocked_sessions:
        return Health.WARN, f"lock {postgres.blocked_sessions}"
    used, slots = postgres.connections_used, postgres.connections_max
    if used is not None and slots and used >= 0.9 * (slots - (postgres.connections_reserved or 0)):
        return Health.WARN, f"conn {used}/{slots}"
    return Health.GOOD, ""


def _ailing(watched: Sequence[Watched]) -> Iterator[tuple[str, tuple[Health, str]]]:
    """Return the watched things that are down, or will be full within an hour."""
    for it in watched:
        left_s = full_in_s(it)
        if it.state is WatchedState.DOWN:
            yield it.name, (Health.BAD, "down")
        elif left_s is not None and left_s < _SOON_S:
            yield it.name, (Health.WARN, f"full in {span_text(left_s)}")


def _limit_reason(generator: GeneratorReading | None, look: Look) -> Line:
    if generator is None or not (generator.limited and generator.reasons):
        return Line(look)
    return Line(look).add(f"({generator.reasons[0]})", Ink.BAD)


def _comparison_light(comparison: Comparison | None, look: Look) -> Line:
    """How the run so far stands beside its baseline."""
    if comparison is None:
        return Line(look)
    words, ink = headline(comparison, look)
    name = cropped(held_to(comparison), _LONGEST_NAME, look)
    own = comparison.prefix_b.partition(" ")[0]
    return Line(look).add(f"{own} vs {name} ".lstrip(), Ink.DIM).add(words, ink)


def _latency(name: str, us: int | None, look: Look) -> Line:
    return Line(look).add(f"{name} ", Ink.DIM).add(latency_text(us), Ink.VALUE).add(" ms", Ink.DIM)


def _error_light(frame: Frame, look: Look) -> Line:
    ratio = frame.window.error_ratio
    if not frame.window.requests:
        return light("err", Health.UNKNOWN, "", look)
    health = Health.GOOD if not ratio else Health.WARN if ratio <= _FEW_ERRORS_RATIO else Health.BAD
    return light("err", health, percent_text(ratio), look)
