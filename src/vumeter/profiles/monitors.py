"""[[monitors.…]] of a profile: their tables, the monitors of a plan, and back."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from msgspec.structs import fields
from pydantic import Field

from vumeter.errors import UsageError
from vumeter.model.watched import (
    AgentMonitor,
    Monitor,
    PgBouncerMonitor,
    ProcessMonitor,
    PrometheusMonitor,
    RedisMonitor,
)
from vumeter.profiles.lines import KeyPath
from vumeter.profiles.listening import is_loopback
from vumeter.profiles.problems import Problems, quoted
from vumeter.profiles.quantities import PositiveDuration
from vumeter.profiles.selectors import selector_of
from vumeter.profiles.steps import Table
from vumeter.units import duration_text

_REDIS_SCHEMES = ("redis", "rediss", "unix")
_POSTGRES_SCHEMES = ("postgresql", "postgres")
_PAGE_SCHEMES = ("http", "https")
_BY = ("pid", "pattern", "port")

Name = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,40}$")]


class ProcessTable(Table):
    """
    A process on this host, and its children: processor time, memory, threads, descriptors.
    Exactly one of `pid`, `pattern` and `port` says which; by the last two it is found again
    when it was restarted.
    """

    name: Name = Field(description="On screens and in reports.", examples=["api"])
    pid: int | None = Field(None, gt=0, description="Its process id.")
    pattern: str | None = Field(
        None,
        min_length=1,
        description="A regular expression that is found in its command line.",
        examples=["gunicorn .*shop"],
    )
    port: int | None = Field(
        None, gt=0, le=65_535, description="The TCP port that it listens on.", examples=[8000]
    )
    children: bool = Field(True, description="Whether its children count with it.")


class RedisTable(Table):
    """
    A Redis, by what INFO says: memory, hits, clients, commands, evictions. Needs the extra:
    pip install 'vumeter[redis]'.
    """

    name: Name = Field(description="On screens and in reports.", examples=["cache"])
    url: str = Field(
        min_length=1,
        description="`redis://`, `rediss://` (TLS) or `unix://`; its password is never shown.",
        examples=["redis://:${PASSWORD}@127.0.0.1:6379"],
    )


class PgBouncerTable(Table):
    """
    A PgBouncer, by what its admin console shows: who waits for a connection and for how long,
    its pools, queries and transactions. Needs the extra: pip install 'vumeter[pgbouncer]'.
    """

    name: Name = Field(description="On screens and in reports.", examples=["pool"])
    url: str = Field(
        min_length=1,
        description="Of its database `pgbouncer`, as one of its `stats_users`; the password is"
        " never shown.",
        examples=["postgresql://stats:${PASSWORD}@127.0.0.1:6432/pgbouncer"],
    )


class PrometheusTable(Table):
    """
    A page of metrics in Prometheus' text format: of node_exporter, of the target itself, of
    any exporter; and what is taken from it.
    """

    name: Name = Field(description="On screens and in reports.", examples=["node"])
    url: str = Field(
        min_length=1,
        description="The page's; a password in it is never shown.",
        examples=["http://127.0.0.1:9100/metrics"],
    )
    series: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")], str] = Field(
        min_length=1,
        max_length=50,
        description="Each under a name of yours, which ends in its unit (`_bytes`, `_per_s`,"
        " `_percent`, `_ratio`, `_ms`; else it is a count): a metric, with matchers of labels;"
        " `rate(…)` of counters; several samples are added up, or `max(…)`, `min(…)`,"
        " `avg(…)`, `count(…)`.",
        examples=[
            {"load_1m": "node_load1", "errors_per_s": 'rate(http_requests_total{status=~"5.."})'}
        ],
    )
    every: PositiveDuration = Field(5.0, description="How often it is asked.")
    token: str | None = Field(
        None, min_length=1, description="Shown to it as bearer; a secret.", examples=["${TOKEN}"]
    )
    authorities: str | None = Field(
        None,
        description="PEM file of the authorities that are trusted instead of the system's;"
        " relative to the profile.",
    )


class AgentTable(Table):
    """
    A `vumeter agent` on another machine: its host, and the processes that it was told to watch.
    """

    name: Name = Field(description="On screens and in reports.", examples=["db-host"])
    url: str = Field(
        min_length=1,
        description="Scheme, host and port; off this machine it is `https://`.",
        examples=["https://10.0.0.7:9647"],
    )
    token: str = Field(
        min_length=1, description="The agent's; a secret.", examples=["${AGENT_TOKEN}"]
    )
    authorities: str | None = Field(
        None,
        description="PEM file of the authorities that are trusted instead of the system's;"
        " relative to the profile.",
    )


class MonitorTables(Table):
    """What is watched besides host and database; each has a name of its own."""

    process: list[ProcessTable] = Field([], description="Each under [[monitors.process]].")
    redis: list[RedisTable] = Field([], description="Each under [[monitors.redis]].")
    agent: list[AgentTable] = Field([], description="Each under [[monitors.agent]].")
    pgbouncer: list[PgBouncerTable] = Field([], description="Each under [[monitors.pgbouncer]].")
    prometheus: list[PrometheusTable] = Field([], description="Each under [[monitors.prometheus]].")


def monitors_of(tables: MonitorTables, *, folder: Path, problems: Problems) -> tuple[Monitor, ...]:
    """Return each monitor that *tables* describe; what is wrong with one is in *problems*."""
    found: list[Monitor] = []
    names: set[str] = set()
    for at, monitor in _monitors(tables, folder, problems):
        if monitor.name in names:
            problems.add(
                (*at, "name"),
                f"there is another monitor {quoted(monitor.name)}.",
                hint="Give one of them another name.",
            )
        names.add(monitor.name)
        found.append(monitor)
    return tuple(found)


def monitors_written(monitors: Iterable[Monitor]) -> dict[str, list[dict[str, object]]]:
    """Return what [monitors] says of *monitors*: what is not as by default."""
    written: dict[str, list[dict[str, object]]] = {}
    for monitor in monitors:
        table = {
            field.name: getattr(monitor, field.name)
            for field in fields(monitor)
            if getattr(monitor, field.name) != field.default
        }
        if isinstance(monitor, PrometheusMonitor):
            table["series"] = dict(monitor.series)
            if (every_s := table.pop("every_s", None)) is not None:
                table["every"] = duration_text(every_s)
        written.setdefault(monitor.kind.value, []).append(table)
    return written


def _monitors(
    tables: MonitorTables, folder: Path, problems: Problems
) -> Iterator[tuple[KeyPath, Monitor]]:
    at: KeyPath
    for index, process in enumerate(tables.process):
        at = ("monitors", "process", index)
        _check_process(process, at, problems)
        yield at, ProcessMonitor(**process.model_dump())
    for index, redis in enumerate(tables.redis):
        at = ("monitors", "redis", index)
        _check_url(redis.url, _REDIS_SCHEMES, at, problems)
        yield at, RedisMonitor(**redis.model_dump())
    for index, pool in enumerate(tables.pgbouncer):
        at = ("monitors", "pgbouncer", index)
        _check_url(pool.url, _POSTGRES_SCHEMES, at, problems)
        yield at, PgBouncerMonitor(**pool.model_dump())
    for index, page in enumerate(tables.prometheus):
        at = ("monitors", "prometheus", index)
        _check_url(page.url, _PAGE_SCHEMES, at, problems)
        for name, text in page.series.items():
            _check_selector(text, (*at, "series", name), problems)
        yield (
            at,
            PrometheusMonitor(
                name=page.name,
                url=page.url,
                series=tuple(page.series.items()),
                every_s=page.every,
                token=page.token,
                authorities=_file(page.authorities, (*at, "authorities"), folder, problems),
            ),
        )

    for index, agent in enumerate(tables.agent):
        at = ("monitors", "agent", index)
        _check_door(agent, at, problems)
        written = agent.model_dump()
        written["authorities"] = _file(agent.authorities, (*at, "authorities"), folder, problems)
        yield at, AgentMonitor(**written)


def _check_door(table: AgentTable, at: KeyPath, problems: Problems) -> None:
    """The token must not be shown to whoever listens on the way."""
    _check_url(table.url, _PAGE_SCHEMES, at, problems)
    if problems.has((*at, "url")):
        return
    parts = urlsplit(table.url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        problems.add(
            (*at, "url"),
            "others on the way could read the token: there is no TLS.",
            hint="Write https://, or go there by ssh -L and write http://127.0.0.1.",
        )


def _check_url(url: str, schemes: Sequence[str], at: KeyPath, problems: Problems) -> None:
    try:
        parts = urlsplit(url)
        is_sound = parts.scheme in schemes and (
            bool(parts.path) if parts.scheme == "unix" else bool(parts.hostname) and parts.port != 0
        )
    except ValueError:
        is_sound = False
    if not is_sound:
        # Not quoted: there may be a password in it.
        begins = ", ".join(f'"{scheme}://"' for scheme in schemes)
        problems.add((*at, "url"), f"is no URL that begins with {begins}.")


def _check_selector(text: str, at: KeyPath, problems: Problems) -> None:
    try:
        selector_of(text)
    except UsageError as error:
        problems.add(at, error.message, hint=error.hint)


def _file(written: str | None, at: KeyPath, folder: Path, problems: Problems) -> str | None:
    if written is None:
        return None
    path = (folder / written).absolute()
    if not path.is_file():
        problems.add(
            at, f"there is no file {quoted(written)}.", hint=f"It is looked for at {path}."
        )
    return str(path)


def _check_process(table: ProcessTable, at: KeyPath, problems: Problems) -> None:
    given = [key for key in _BY if getattr(table, key) is not None]
    if len(given) != 1:
        problems.add(
            at,
            "says " + (" and ".join(given) if given else "neither pid, pattern nor port") + ".",
            hint="Write exactly one of them: port = 8000.",
        )
    try:
        re.compile(table.pattern or "")
    except re.error as error:
        problems.add(
            (*at, "pattern"),
            f"{quoted(table.pattern)} is no regular expression: {error}.",
            hint="Put a backslash before signs that are meant as they stand.",
        )
