"""The leak fills real memory, stops at its bound, and gives it back."""

import psutil
import pytest

from vumeter.demo import leak
from vumeter.demo.leak import CRUMB_BYTES, Leak

MEBIBYTE = 2**20


def test_it_fills_real_memory_and_gives_it_back() -> None:
    process, leaking = psutil.Process(), Leak()
    before = process.memory_info().rss
    for _ in range(32 * MEBIBYTE // CRUMB_BYTES):
        leaking.grow()
    full = process.memory_info().rss
    leaking.mend()
    # The interpreter's own memory may move by a mebibyte or two meanwhile.
    assert full - before > 28 * MEBIBYTE
    assert full - process.memory_info().rss > 28 * MEBIBYTE
    assert leaking.leaked_bytes == 0


def test_it_stops_at_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leak, "MAX_BYTES", 3 * CRUMB_BYTES)
    leaking = Leak()
    for _ in range(5):
        leaking.grow()
    assert leaking.leaked_bytes == 3 * CRUMB_BYTES
