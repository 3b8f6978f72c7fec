"""What is watched beside host and database: each thing with its figures, and what is wrong."""

from collections.abc import Callable, Sequence

from vumeter.model.watched import Watched, WatchedKind, WatchedState
from vumeter.stats.series import shown_value, unit_of
from vumeter.tui.format import (
    age_text,
    bytes_per_s_text,
    bytes_text,
    measure_text,
    number_text,
    percent_text,
    share_text,
    span_text,
    three_digits,
)
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.line import Line, Part, joined, wrapped
from vumeter.tui.widgets.panel import FramePanel, pair, rule, sentence, title

_NAME_WIDTH = 16
_FULL_RATIO = 0.9
_OLD_AFTER_S = 12
"""Pages of metrics are asked for every five seconds."""
_S_PER_MIN = 60
_GROWS_FROM_RATIO = 0.005
"""Of what it is now, a minute: less is not worth a place."""


class WatchedPanel(FramePanel):
    """One thing after the other: as many lines as there is room for, one for each at least."""

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title and the watched things."""
        watched = () if self.frame is None else self.frame.watched
        return watched_lines(watched, width=width, height=height, look=self.look)


def watched_lines(watched: Sequence[Watched], *, width: int, height: int, look: Look) -> list[Line]:
    """Return the panel's lines."""
    down = sum(it.state is WatchedState.DOWN for it in watched)
    parts = [title(look, "watched")]
    if down:
        parts.append((0, Line(look).add(f"{down} of {len(watched)} down", Ink.BAD)))
    if not watched:
        hint = "nothing: [[monitors.process]] in a profile names what to watch"
        return [rule(look, width, parts), sentence(look, hint).crop_to(width)]
    blocks = [_block(it, width=width, look=look) for it in watched]
    room = height - 1
    if sum(map(len, blocks)) > room:
        blocks = [[_line(it, width=width, look=look)] for it in watched]
    lines = [line for block in blocks for line in block]
    hidden = max(0, len(lines) - room)
    return [rule(look, width, parts, right=f"+{hidden} more" if hidden else ""), *lines[:room]]


def figures(watched: Watched, look: Look) -> list[Part]:
    """Return the figures of a thing, the most telling first."""
    return _FIGURES.get(watched.kind, _as_they_are)(watched.series, look)


def full_in_s(watched: Watched) -> float | None:
    """Return in how long the first of its limits is met; `None`: nothing leaks."""
    times = [value for name, value in watched.series.items() if name.endswith("_limit_in_s")]
    return min(times, default=None)


def _block(watched: Watched, *, width: int, look: Look) -> list[Line]:
    """Return all that there is to say: what it is, its figures, and in words what is wrong."""
    head = _head(watched, look).add(f"{watched.kind.value} ", Ink.DIM).add(watched.title, Ink.DIM)
    lines = [head.crop_to(width)]
    if watched.series:
        row = joined(figures(watched, look), width - 4, look)
        lines.append(Line(look).add("   ").extend(row))
    lines += (
        Line(look).add("   ").add(text, Ink.WARN)
        for text in wrapped(watched.remark, width - 4, look)
    )
    return lines


def _line(watched: Watched, *, width: int, look: Look) -> Line:
    """Return a thing in one line, for where there is no room for more."""
    head = _head(watched, look)
    if not watched.series:
        return head.add(watched.remark or watched.state.value, Ink.WARN).crop_to(width)
    return head.extend(joined(figures(watched, look), width - head.width, look))


def _head(watched: Watched, look: Look) -> Line:
    glyphs = look.glyphs
    sign, ink = {
        WatchedState.WAITING: (glyphs.unknown, Ink.DIM),
        WatchedState.UP: (glyphs.good, Ink.GOOD),
        WatchedState.DOWN: (glyphs.bad, Ink.BAD),
    }[watched.state]
    if watched.state is WatchedState.UP and (watched.remark or full_in_s(watched) is not None):
        sign, ink = glyphs.warn, Ink.WARN
    head = Line(look).add(f" {sign} ", ink)
    head.add_fitted(watched.name, min(_NAME_WIDTH, max(6, len(watched.name))), Ink.STRONG).add(" ")
    if watched.age_s >= _OLD_AFTER_S:
        head.add(f"{age_text(watched.age_s)} old ", Ink.WARN)
    return head


_Series = dict[str, float]


def _process(series: _Series, look: Look) -> list[Part]:
    parts: list[Part] = []
    if (cpu := series.get("cpu_percent")) is not None:
        cores = series.get("cpu_limit_cores")
        is_full = cores is not None and cpu >= _FULL_RATIO * 100 * cores
        line = pair(look, "cpu", share_text(cpu), ink=Ink.WARN if is_full else Ink.VALUE)
        parts.append((0, line.add(f" of {share_text(100 * cores)}" if cores else "", Ink.DIM)))
    if throttled := series.get("throttled_percent"):
        parts.append((0, pair(look, "throttled", share_text(throttled), ink=Ink.WARN)))
    parts += _memory(series, look)
    if (used := series.get("descriptors_of_fullest")) is not None:
        parts.append((1, _of(look, "fd", used, series.get("descriptor_limit"), number_text)))
    parts += _counts(series, look, {"threads": "thr", "processes": "procs", "oom_kills": "oom"})
    return parts


def _pgbouncer(series: _Series, look: Look) -> list[Part]:
    parts: list[Part] = []
    if (waiting := series.get("clients_waiting")) is not None:
        ink = Ink.WARN if waiting else Ink.VALUE
        parts.append((0, pair(look, "waiting", number_text(waiting), ink=ink)))
    if wait_s := series.get("max_wait_s"):
        parts.append((0, pair(look, "max wait", span_text(wait_s), ink=Ink.WARN)))
    if (used := series.get("servers_active")) is not None:
        parts.append((0, _of(look, "servers", used, series.get("server_limit"), number_text)))
    if (queries := series.get("queries_per_s")) is not None:
        parts.append((1, pair(look, "queries", f"{number_text(queries)}/s")))
    if (mean_ms := series.get("query_ms")) is not None:
        parts.append((2, pair(look, "mean", f"{three_digits(mean_ms)}ms")))
    return parts


def _redis(series: _Series, look: Look) -> list[Part]:
    parts: list[Part] = []
    if (used := series.get("memory_bytes")) is not None:
        parts.append((0, _of(look, "mem", used, series.get("memory_limit_bytes"), bytes_text)))
    if (hit := series.get("hit_ratio")) is not None:
        parts.append((0, pair(look, "hit", percent_text(hit))))
    if (commands := series.get("commands_per_s")) is not None:
        parts.append((0, pair(look, "cmds", f"{number_text(commands)}/s")))
    if (clients := series.get("clients")) is not None:
        parts.append((1, _of(look, "clients", clients, series.get("client_limit"), number_text)))
    for name, word in (("evictions_per_s", "evicted"), ("rejections_per_s", "rejected")):
        if per_s := series.get(name):
            parts.append((0, pair(look, word, f"{number_text(per_s)}/s", ink=Ink.WARN)))
    if (cpu := series.get("cpu_percent")) is not None:
        parts.append((2, pair(look, "cpu", share_text(cpu))))
    return parts + _counts(series, look, {"blocked_clients": "blocked", "keys": "keys"})


def _host(series: _Series, look: Look) -> list[Part]:
    parts: list[Part] = []
    for rank, (name, word) in enumerate(
        (
            ("cpu_percent", "cpu"),
            ("memory_percent", "mem"),
            ("cpu_pressure_percent", "pressure"),
            ("steal_percent", "steal"),
            ("disk_busy_percent", "disk"),
        )
    ):
        if (percent := series.get(name)) is not None:
            ink = Ink.WARN if percent >= 100 * _FULL_RATIO else Ink.VALUE
            parts.append((rank, pair(look, word, share_text(percent), ink=ink)))
    if (load := series.get("load_1m")) is not None:
        parts.append((1, pair(look, "load", number_text(load))))
    for name, word in (("network_received_bytes_per_s", "in"), ("network_sent_bytes_per_s", "out")):
        if (per_s := series.get(name)) is not None:
            parts.append((3, pair(look, word, bytes_per_s_text(per_s))))
    return parts


def _memory(series: _Series, look: Look) -> list[Part]:
    rss = series.get("rss_bytes")
    if rss is None:
        return []
    parts = [(0, pair(look, "mem", bytes_text(rss)))]
    per_min = series.get("rss_growth_bytes_per_s", 0.0) * _S_PER_MIN
    left_s = series.get("memory_limit_in_s")
    if left_s is not None or abs(per_min) >= _GROWS_FROM_RATIO * rss:
        ink = Ink.VALUE if left_s is None else Ink.WARN
        sign = "+" if per_min >= 0 else "-"
        parts.append((1, Line(look).add(f"{sign}{bytes_text(abs(per_min))}/min", ink)))
    if left_s is not None:
        parts.append((0, pair(look, "full in", span_text(left_s), ink=Ink.WARN)))
    return parts


def _counts(series: _Series, look: Look, words: dict[str, str]) -> list[Part]:
    return [
        (2 + rank, pair(look, word, number_text(series[name])))
        for rank, (name, word) in enumerate(words.items())
        if name in series
    ]


def _of(
    look: Look, label: str, used: float, limit: float | None, text: Callable[[float], str]
) -> Line:
    is_full = bool(limit) and used >= _FULL_RATIO * (limit or 0)
    line = pair(look, label, text(used), ink=Ink.WARN if is_full else Ink.VALUE)
    return line.add(f"/{text(limit)}" if limit else "", Ink.DIM)


def _as_they_are(series: _Series, look: Look) -> list[Part]:
    """Return figures whose names are all that is known of them, in their order."""
    return [
        (rank, pair(look, name, measure_text(shown_value(name, value), unit_of(name))))
        for rank, (name, value) in enumerate(series.items())
    ]


_FIGURES: dict[WatchedKind, Callable[[_Series, Look], list[Part]]] = {
    WatchedKind.PROCESS: _process,
    WatchedKind.REDIS: _redis,
    WatchedKind.AGENT: _host,
    WatchedKind.PGBOUNCER: _pgbouncer,
}
