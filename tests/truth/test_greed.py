"""Whatever a target sends, vumeter's memory is its own."""

import asyncio
import contextlib
import zlib
from pathlib import Path

import brotli
import pytest

from vumeter.testing.flight import fly
from vumeter.testing.hostile import HostileServer, saying

pytestmark = pytest.mark.slow

MOST_BYTES = 200 * 2**20
DURATION_S = 1.0
TIMEOUT_S = 0.8
VUS = 5
UNPACKED_MIB = 256
ENDLESS = ("endless-body", "endless-head", "endless-line", "endless-interim")

_SCENARIO = """
[scenarios.{name}]
vus = {vus}
duration = "{duration}s"

[[scenarios.{name}.steps]]
url = "{url}"
timeout = "{timeout}s"
checks = [{{ contains = "nowhere" }}]
"""


def encoded(encoding: str, body: bytes) -> bytes:
    """Return the answer of *body*, which is said to be encoded so."""
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def bombs() -> dict[str, bytes]:
    """Return 256 MiB of zeros as gzip and brotli make them: 260 and 48 kB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(2**20)
    packed = b"".join(packer.compress(zeros) for _ in range(UNPACKED_MIB)) + packer.flush()
    squeezer = brotli.Compressor(quality=1)
    squeezed = b"".join(squeezer.process(zeros) for _ in range(UNPACKED_MIB)) + squeezer.finish()
    return {"gzip": packed, "br": squeezed}


async def test_memory_stays_small_whatever_a_target_sends(tmp_path: Path) -> None:
    behaviours = [*ENDLESS, *(saying(encoded(name, body)) for name, body in bombs().items())]
    async with contextlib.AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(HostileServer(each)) for each in behaviours]
        scenarios = (
            _SCENARIO.format(
                name=f"s{number}",
                vus=VUS,
                url=server.url,
                duration=DURATION_S,
                timeout=TIMEOUT_S,
            )
            for number, server in enumerate(servers)
        )
        profile = tmp_path / "greedy.toml"
        profile.write_text("".join(scenarios))
        landing = await asyncio.to_thread(fly, str(profile))
    assert (landing.exit_code, landing.complaints) == (0, "")
    assert landing.report["generator"]["rss_bytes_max"] < MOST_BYTES
    # What never ends is ended, by a limit or in its time; a bomb is an answer in which nothing
    # is found, for nobody unpacks it further than a body may be long.
    assert set(landing.errors) <= {"protocol", "timeout_response", "interrupted"}
    bombs_answered = sum(server.answered for server in servers[len(ENDLESS) :])
    assert 0 < landing.report["statuses"]["200"] <= bombs_answered
    [check] = landing.report["checks"]
    assert (check["passed"], check["failed"]) == (0, landing.report["statuses"]["200"])
    assert landing.requests >= VUS * len(servers), "no VU is lost"
    # The promise; with what starting takes, `test_hostile_targets` has it.
    assert landing.report["duration_s"] < DURATION_S + 3
