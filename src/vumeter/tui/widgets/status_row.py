"""The third row: lights. A value, whether it is well, and in one or two words why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from textual.reactive import var

from vumeter.model.frame import Frame
from vumeter.model.measure import GeneratorReading
from vumeter.model.probes import HostReading, PostgresReading, PostgresState
from vumeter.tui.format import latency_text, percent_text, share_text
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.line import Line, joined
from vumeter.tui.widgets.panel import FramePanel


class Health(Enum):
    """What a light says; *UNKNOWN* where nothing is measured or nothing was promised."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objectives:
    """What the target promises. `None`: no promise, and the light only shows the number."""

    p95_us: int | None = None
    p99_us: int | None = None
    error_ratio: float = 0.01


class StatusRow(FramePanel):
    """Lights for latency, errors, the generator, the host and the database."""

    objectives: var[Objectives] = var(Objectives(), init=False)

    def compose_lines(self, width: int, _height: int) -> Sequence[Line]:
        """Return the row."""
        if self.frame is None:
            return []
        return [status_line(self.frame, width=width, look=self.look, objectives=self.objectives)]

    def watch_objectives(self) -> None:
        """Draw the lights against the new objectives."""
        self.repaint()


def status_line(frame: Frame, *, width: int, look: Look, objectives: Objectives) -> Line:
    """Return the row of lights."""
    latency = frame.window.latency
    p95 = None if latency is None else latency.p95_us
    p99 = None if latency is None else latency.p99_us
    parts = [
        (1, _latency_light("p95", p95, objectives.p95_us, look)),
        (1, _latency_light("p99", p99, objectives.p99_us, look)),
        (0, _error_light(frame, objectives, look)),
        (0, light("GEN", *generator_health(frame.generator), look)),
        (3, _limit_reason(frame.generator, look)),
        (2, light("HOST", *host_health(frame.host), look)),
        (0, light("DB", *database_health(frame.postgres), look)),
    ]
    return Line(look).add(" ").extend(joined(parts, width - 1, look, gap=3))


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
    name, percent = max(uses.items(), key=lambda use: use[1])
    if percent >= 97:
        return Health.BAD, f"{name} {share_text(percent)}"
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


def _limit_reason(generator: GeneratorReading | None, look: Look) -> Line:
    if generator is None or not (generator.limited and generator.reasons):
        return Line(look)
    return Line(look).add(f"({generator.reasons[0]})", Ink.BAD)


def _latency_light(name: str, us: int | None, promised_us: int | None, look: Look) -> Line:
    value = latency_text(us)
    if promised_us is None:
        return Line(look).add(f"{name} ", Ink.DIM).add(value, Ink.VALUE).add(" ms", Ink.DIM)
    health = Health.UNKNOWN if us is None else Health.GOOD if us <= promised_us else Health.BAD
    name = f"{name}<{latency_text(promised_us)}"
    return light(name, health, value, look)


def _error_light(frame: Frame, objectives: Objectives, look: Look) -> Line:
    ratio = frame.window.error_ratio
    health = Health.GOOD if not ratio else Health.WARN
    if ratio > objectives.error_ratio:
        health = Health.BAD
    if not frame.window.requests:
        return light("err", Health.UNKNOWN, "", look)
    return light("err", health, percent_text(ratio), look)
