"""How many requests a CPU-second makes: what the generators are asked to do, and the bars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.cost import Cost
from benchmarks.generators import (
    H2LOAD,
    HEY,
    K6,
    K6_SHOP,
    K9,
    K9_SCRIPT,
    K9_SHOP,
    LOCUST,
    LOCUST_SHOP,
    VUMETER,
    VUMETER_SCRIPT,
    VUMETER_SHOP,
    WRK,
    WRK_BARE,
    Errand,
    Generator,
    installed,
    missing_notes,
)
from benchmarks.nginx import QUOTE, Nginx, nginx
from benchmarks.results import Bar, Column, Part, Row, at_least, ratios, spread
from benchmarks.rounds import Bench

COLUMNS = (
    Column(key="per_cpu_s", heading="requests per CPU-second", form=",.0f", shows_spread=True),
    Column(key="to_reference", heading="", form=".2f"),
    Column(key="cpu_us", heading="CPU per request, µs", form=",.1f"),
    Column(key="kernel_us", heading="of it in the kernel, µs", form=",.1f"),
    Column(key="rate_per_s", heading="requests/s", form=",.0f"),
    Column(key="target_busy", heading="target's core", form=".0%"),
)


@dataclass(frozen=True)
class Floor:
    """How many times the requests per CPU-second of *other* those of *ours* must be."""

    ours: Generator
    other: Generator
    at_least: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Generators that do the same thing in turns."""

    key: str
    title: str
    how: str
    generators: tuple[Generator, ...]
    reference: Generator = WRK
    floors: tuple[Floor, ...] = ()
    path: str = ""
    over_tls: bool = False
    connections: int = 64
    keeps_alive: bool = True
    body_bytes: int = 0

    def errand(self, target: Nginx, seconds: int) -> Errand:
        """Return what the generators are told."""
        return Errand(
            url=(target.tls_url if self.over_tls else target.url) + self.path,
            seconds=seconds,
            connections=self.connections,
            keeps_alive=self.keeps_alive,
            body_bytes=self.body_bytes,
        )

    def measured(self, bench: Bench) -> Part:
        """Return the answer."""
        with nginx(core=bench.target_core) as target:
            errand = self.errand(target, bench.window.told_s)
            costs = bench.alternate(installed(self.generators), errand, target=target)
        per_cpu_s = {name: [run.per_cpu_s for run in runs] for name, runs in costs.items()}
        reference = per_cpu_s.get(self.reference.name)
        rows = []
        for name, runs in costs.items():
            figures = {
                "per_cpu_s": spread(per_cpu_s[name]),
                "cpu_us": spread(1e6 / each for each in per_cpu_s[name]),
                "kernel_us": spread(run.kernel_ratio * 1e6 / run.per_cpu_s for run in runs),
                "rate_per_s": spread(run.rate_per_s for run in runs),
                "target_busy": spread(run.target_busy_ratio for run in runs),
            }
            if reference is not None:
                figures["to_reference"] = ratios(per_cpu_s[name], reference)
            rows.append(Row(name=name, figures=figures))
        bars = {floor: _bar(floor, per_cpu_s) for floor in self.floors if _is_there(floor)}
        missed = [
            floor
            for floor, bar in bars.items()
            if not bar.holds and floor.other is not self.reference
        ]
        rows.sort(key=lambda row: -row.figures["per_cpu_s"].median)
        return Part(
            key=self.key,
            title=self.title,
            how=self.how,
            columns=_columns(self.reference.name),
            rows=tuple(rows),
            bars=tuple(bars.values()),
            notes=(
                *(_reach(floor, self.reference, costs) for floor in missed),
                *missing_notes(self.generators),
            ),
            rounds=bench.rounds,
        )


def _columns(reference: str) -> tuple[Column, ...]:
    first, second, *rest = COLUMNS
    named = Column(key=second.key, heading=f"× {reference}", form=second.form, shows_spread=True)
    return (first, named, *rest)


def _is_there(floor: Floor) -> bool:
    return floor.ours.path() is not None and floor.other.path() is not None


def _bar(floor: Floor, per_cpu_s: dict[str, list[float]]) -> Bar:
    ratio = ratios(per_cpu_s[floor.ours.name], per_cpu_s[floor.other.name])
    return at_least(f"{floor.ours.name} × {floor.other.name}", ratio.median, floor.at_least)


def _reach(floor: Floor, reference: Generator, costs: Mapping[str, Sequence[Cost]]) -> str:
    """Return what can be reached on this machine of a bar that does not hold."""
    ours, theirs = floor.ours.name, [run.per_cpu_s for run in costs[floor.other.name]]
    kernel_alone = [run.per_cpu_s / run.kernel_ratio for run in costs[ours]]
    text = f"{ours} × {floor.other.name} would be {ratios(kernel_alone, theirs).median:.2f}"
    text += " if nothing but the kernel took time"
    if reference.name in costs:
        fastest = ratios([run.per_cpu_s for run in costs[reference.name]], theirs).median
        text += f"; {reference.name} makes {fastest:.2f} × {floor.other.name}"
    return f"{text}."


COMPARISONS = (
    Comparison(
        key="get",
        title="Bare GET, 64 connections",
        how=f"A body of {len(QUOTE)} bytes over keep-alive connections, as fast as they go.",
        generators=(VUMETER, WRK, H2LOAD, HEY, K9, K6, LOCUST),
        floors=(
            Floor(VUMETER, WRK, 0.85),
            Floor(VUMETER, K9, 1.6),
            Floor(VUMETER, K6, 9.0),
            Floor(VUMETER, LOCUST, 15.0),
        ),
    ),
    Comparison(
        key="scenario",
        title="A scenario of three steps, declared and in Python",
        how="64 VUs draw one of three requests by weight (6 : 3 : 1, the third a POST), each with "
        "a number filled in for every request, its status and a text in its body checked, and a "
        "histogram of its own. All files are in benchmarks/workloads/; wrk only sends its bare "
        "GET. In k6 and k9-load a threshold that never fails asks for each step's figures, without "
        "which they would keep none.",
        generators=(
            WRK_BARE,
            VUMETER_SHOP,
            VUMETER_SCRIPT,
            K9_SHOP,
            K9_SCRIPT,
            K6_SHOP,
            LOCUST_SHOP,
        ),
        reference=WRK_BARE,
        floors=(
            Floor(VUMETER_SHOP, WRK_BARE, 0.65),
            Floor(VUMETER_SHOP, K9_SHOP, 1.3),
            Floor(VUMETER_SCRIPT, WRK_BARE, 0.5),
            Floor(VUMETER_SCRIPT, K9_SCRIPT, 4.0),
            Floor(VUMETER_SCRIPT, LOCUST_SHOP, 10.0),
        ),
    ),
    Comparison(
        key="https",
        title="https, 64 connections",
        how="The bare GET over TLS 1.3 on keep-alive connections, HTTP/1.1 everywhere.",
        generators=(VUMETER, WRK, H2LOAD, K9, K6),
        over_tls=True,
        floors=(Floor(VUMETER, WRK, 0.6),),
    ),
    Comparison(
        key="one",
        title="Bare GET, one connection",
        how="The same over one connection: each request waits for the answer to the one before.",
        generators=(VUMETER, WRK, K9, K6),
        connections=1,
    ),
    Comparison(
        key="thousand",
        title="Bare GET, 1,000 connections",
        how="The same over 1,000 connections.",
        generators=(VUMETER, WRK, H2LOAD, K9, K6),
        connections=1000,
    ),
    Comparison(
        key="close",
        title="A new connection for every request",
        how="64 at a time. wrk asks for it by `Connection: close`, the others by their own flags.",
        generators=(VUMETER, WRK, HEY, K9, K6),
        keeps_alive=False,
    ),
    Comparison(
        key="down-16k",
        title="Downloads of 16 KiB",
        how="64 keep-alive connections, a file of 16 KiB.",
        generators=(VUMETER, WRK, K9, K6),
        path="files/small",
    ),
    Comparison(
        key="down-1m",
        title="Downloads of 1 MiB",
        how="64 keep-alive connections, a file of 1 MiB.",
        generators=(VUMETER, WRK, K9, K6),
        path="files/large",
    ),
    Comparison(
        key="up-16k",
        title="Uploads of 16 KiB",
        how="64 keep-alive connections, a POST of 16 KiB that nginx reads and throws away.",
        generators=(VUMETER, WRK, H2LOAD, K6),
        body_bytes=16 * 1024,
    ),
)
