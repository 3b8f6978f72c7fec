"""
How true the capacity finder is: `vumeter probe` beside servers whose capacity theory knows.

    python -m benchmarks.capacity                      # every server five times: 55 minutes
    python -m benchmarks.capacity --at-once 4          # as many searches side by side: 15
    python -m benchmarks.capacity mm1 md1 --times 1    # some of them, once each

Each server is a process of its own, whose queue keeps time by a clock and not by burning CPU: a
busy machine delays its answers by what the machine is late, and does not change its capacity.
Each search is the installed command in a process, as a user runs it. `testing.theory` has the
formulas and their sources; all of them but the last want Poisson arrivals, which a probe makes.

- `mm1`: one server, exponential times, 400/s. P(T > t) = e^(−(μ−λ)t), so that p95 is
  3.0/(μ−λ), and 60 ms are met at 350.1/s.
- `md1`: one server, fixed times of 3.3 ms: Erlang's series of 1909.
- `mmc`: four servers of 100/s each: a wait with the probability of Erlang's formula.
- `usl`: VUs that do not pause, and N/X(N) = (1 + σ(N−1) + κN(N−1))/λ: a parabola of N.

How many searches may go on side by side is a question of the machine: each takes, with its server,
about a quarter of a core. What is held against theory is the limit that a search names, where the
SLO is met exactly; what it calls sustained is a little below by intent, and printed beside it.
Ends with 0 when every answer is within five percent of theory, in three minutes; with 1 when one is
not.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from vumeter.link.folders import RUNS_VARIABLE
from vumeter.testing.server_process import ServerProcess
from vumeter.testing.theory import highest_load

WITHIN_RATIO = 0.05
WITHIN_S = 185.0
"""Three minutes, and what it takes to come to an end."""


@dataclass(frozen=True, slots=True)
class Known:
    """A server, what has to hold, and how to look for its capacity."""

    law: str
    limit_ms: float
    flags: tuple[str, ...] = ()

    @property
    def theory(self) -> float:
        """The load at which p95 is at the limit."""
        return highest_load(self.law, limit_s=self.limit_ms / 1000)


KNOWN = {
    "mm1": Known("mm1:400", 60),
    "md1": Known("md1:300", 60),
    "mmc": Known("mmc:4,100", 80),
    "usl": Known("usl:40,0.05,0.002", 120, ("--by-vus",)),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What one search came to."""

    name: str
    known: Known
    found: dict[str, Any]

    @property
    def error_ratio(self) -> float | None:
        """How far the limit is from theory; `None`: none was found."""
        limit = self.found["limit"] or self.found["sustainable"]
        return None if limit is None else limit / self.known.theory - 1

    @property
    def holds(self) -> bool:
        """Whether it is what it has to be."""
        error = self.error_ratio
        return (
            error is not None
            and abs(error) <= WITHIN_RATIO
            and self.found["took_s"] <= WITHIN_S
            and self.found["recovered_s"] is not None
        )

    def line(self) -> str:
        """Return it as a line of the table."""
        it, error = self.found, self.error_ratio
        limited_s = sum(each["generator_limited_seconds"] for each in it["curve"])
        return (
            f"{self.name:5} {self.known.theory:7.1f} {_number(it['limit'])} "
            f"{'—' if error is None else f'{error:+.1%}':>7} {_number(it['sustainable'])} "
            f"{_number(it['low'])} –{_number(it['high'])} "
            f"{'yes' if it['is_confirmed'] else 'no':>9} {it['took_s']:5.0f} s {limited_s:6} s  "
            f"{'✓' if self.holds else '✗'} {it['outcome']}"
        )


HEAD = "      theory   limit   error  sustain  95 % interval   confirmed   took  disturbed"


def answers(
    names: Sequence[str], *, times: int = 1, at_once: int, within: str = "3m"
) -> Iterator[Answer]:
    """Yield what each search of each server comes to, in the order in which they were asked."""
    with ThreadPoolExecutor(at_once) as pool:
        every = [name for _ in range(times) for name in names]
        yield from pool.map(partial(_answer, within=within), every)


def _answer(name: str, *, within: str) -> Answer:
    known = KNOWN[name]
    with tempfile.TemporaryDirectory() as folder, ServerProcess("--law", known.law) as server:
        report = Path(folder) / "report.json"
        ended = subprocess.run(
            [
                *(Path(sys.executable).parent / "vumeter", "probe", server.url, "--headless"),
                *("--slo", f"p95 < {known.limit_ms:g}ms", "--slo", "errors < 1%"),
                *("--within", within, "-o", str(report), *known.flags),
            ],
            env=os.environ | {RUNS_VARIABLE: folder},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if not report.exists():
            raise RuntimeError(f"vumeter probe ended with {ended.returncode}:\n{ended.stderr}")
        return Answer(name, known, json.loads(report.read_text())["capacity"][0])


def _number(value: float | None) -> str:
    return f"{'—' if value is None else f'{value:.1f}':>7}"


def main() -> int:
    """Print what each search comes to, as it does, and say whether all of them hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity")
    parser.add_argument("servers", nargs="*", metavar="SERVER", help=f"of {', '.join(KNOWN)}")
    parser.add_argument("--times", type=int, default=5, help="so often each [5]")
    parser.add_argument("--at-once", type=int, default=1, help="searches side by side [1]")
    options = parser.parse_args()
    names = options.servers or list(KNOWN)
    if unknown := [name for name in names if name not in KNOWN]:
        parser.error(f"{', '.join(unknown)}: there is {', '.join(KNOWN)}")
    print(f"load average {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores\n{HEAD}", flush=True)
    held = []
    for answer in answers(names, times=options.times, at_once=options.at_once):
        print(answer.line(), flush=True)
        held.append(answer.holds)
    print(f"{sum(held)} of {len(held)} hold; load average {os.getloadavg()[0]:.1f}")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
