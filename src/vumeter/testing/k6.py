"""A run of k6, the peer whose semantics users know, beside one of ours."""

import json
import os
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_LONGEST_S = 60.0
_NAMES = ("k6", "k6.exe")
SCRIPT = """
import http from 'k6/http';
import { check } from 'k6';
export const options = %(options)s;
export default function () {
  const answer = http.get('%(url)s');
  if (%(checks)s) check(answer, {
    'is found': (it) => it.status === 200,
    'is JSON': (it) => it.body.includes('{'),
  });
}
export function handleSummary(data) { return { '%(summary)s': JSON.stringify(data.metrics) }; }
"""
"""One request an iteration."""


def program() -> Path:
    """
    Return the binary that the package k6 has brought.

    Raises:
        RuntimeError: It is not installed.
    """
    try:
        found = [Path(str(file.locate())) for file in files("k6") or () if file.name in _NAMES]
    except PackageNotFoundError:
        found = []
    if not found:
        raise RuntimeError("k6 is missing: it comes with the extra dev (pip install -e '.[dev]')")
    return found[0].resolve()


class K6:
    """
    A script that runs until it ends, as a context manager; it is gone after it.

    Args:
        folder: For its script and its summary.
        url: On loopback.
        options: k6's own.
        has_checks: Whether `SCRIPT` checks each answer: "is found", "is JSON".
        text: The script, with places for *url*, *options*, *checks* and the *summary*.
    """

    def __init__(
        self,
        folder: Path,
        url: str,
        options: Mapping[str, Any],
        *,
        has_checks: bool = False,
        text: str = SCRIPT,
    ) -> None:
        self._summary = folder / "k6.json"
        script = folder / "script.js"
        values = {"url": url, "summary": self._summary, "checks": json.dumps(has_checks)}
        script.write_text(text % {**values, "options": json.dumps(options)})
        self.process = subprocess.Popen(
            [program(), "run", "--quiet", "--address", "127.0.0.1:0", script],
            env=os.environ | {"K6_NO_USAGE_REPORT": "true", "K6_NO_COLOR": "true"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def code(self) -> int:
        """Return the exit code, when it has ended."""
        self.process.communicate(timeout=_LONGEST_S)
        return self.process.returncode

    def passed(self) -> dict[tuple[str, str], bool]:
        """Return what became of each threshold, by metric and expression."""
        return {
            (metric, expression): outcome["ok"]
            for metric, about in self._metrics().items()
            for expression, outcome in about.get("thresholds", {}).items()
        }

    def count(self, metric: str) -> int:
        """Return a counter; 0 where it counted nothing."""
        return int(self._metrics().get(metric, {}).get("values", {}).get("count", 0))

    def _metrics(self) -> dict[str, Any]:
        return dict(json.loads(self._summary.read_text()))
