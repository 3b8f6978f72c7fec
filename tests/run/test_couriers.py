"""Couriers with real programs: one errand in flight for each alert, the newest notice counts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from vumeter.model.alert import Alert, AlertChange, AlertLevel
from vumeter.model.frame import EventLevel
from vumeter.run.couriers import Couriers
from vumeter.run.notices import Notice

NOTICE = Notice(
    event=AlertChange.FIRED,
    alert="slow",
    level=AlertLevel.WARNING,
    text="slow fires",
    run="test",
    target="http://127.0.0.1:1",
    metric="http_req_duration",
    expression="p(95) > 400ms over 10s",
    observed=500.0,
    limit=400.0,
    unit="ms",
    at_s=1.0,
    at_unix_ms=1000,
    firings=1,
    firing_s=0.0,
)


def alert(*command: str, name: str = "slow", webhook: str | None = None) -> Alert:
    return Alert(
        name=name,
        metric="http_req_duration",
        expression="p(95) > 400ms over 10s",
        command=command,
        webhook=webhook,
    )


class Said(list[tuple[str, EventLevel]]):
    """What couriers told."""

    @property
    def texts(self) -> list[str]:
        return [text for text, _ in self]


Office = Callable[..., AbstractAsyncContextManager[tuple[Couriers, Said]]]


@pytest.fixture
def office() -> Office:
    @asynccontextmanager
    async def opened(
        *alerts: Alert, spacing_s: float = 0.0
    ) -> AsyncIterator[tuple[Couriers, Said]]:
        said = Said()
        couriers = Couriers(
            alerts,
            secrets=(),
            tell=lambda text, level: said.append((text, level)),
            spacing_s=spacing_s,
        )
        yield couriers, said
        await couriers.close()

    return opened


async def test_what_a_command_says_is_in_the_log_without_its_escapes(
    office: Office, becomes: Any
) -> None:
    async with office(alert("printf", "\\033[31mred\\nmore")) as (couriers, said):
        couriers.send("slow", NOTICE)
        await becomes(lambda: not couriers.is_busy)
    assert said == [("slow: printf says: \N{REPLACEMENT CHARACTER}[31mred", EventLevel.INFO)]


async def test_a_command_that_fails_is_a_warning(office: Office, becomes: Any) -> None:
    async with office(alert("sh", "-c", "echo oh no; exit 7")) as (couriers, said):
        couriers.send("slow", NOTICE)
        await becomes(lambda: not couriers.is_busy)
    assert said == [("slow: sh ended with code 7: oh no", EventLevel.WARNING)]


async def test_one_that_cannot_be_started_is_a_warning(office: Office, becomes: Any) -> None:
    async with office(alert("/no/such/program")) as (couriers, said):
        couriers.send("slow", NOTICE)
        await becomes(lambda: not couriers.is_busy)
    assert said.texts == ["slow: /no/such/program cannot be started: No such file or directory"]


async def test_a_command_that_says_nothing_is_not_spoken_of(office: Office, becomes: Any) -> None:
    async with office(alert("true"), alert(name="quiet")) as (couriers, said):
        couriers.send("slow", NOTICE)
        couriers.send("quiet", NOTICE)
        await becomes(lambda: not couriers.is_busy)
    assert said == []


async def test_while_one_is_under_way_the_newest_waits_and_the_others_are_counted(
    office: Office, tmp_path: Path, becomes: Any
) -> None:
    log, gate = tmp_path / "log", tmp_path / "gate"
    script = (
        f"echo $VUMETER_FIRINGS $VUMETER_SUPPRESSED >> {log};"
        f" while [ ! -e {gate} ]; do sleep 0.01; done"
    )
    async with office(alert("sh", "-c", script), alert("true", name="other")) as (couriers, said):
        couriers.send("slow", NOTICE)
        await becomes(log.exists)
        for number in (2, 3, 4):
            couriers.send("slow", replace(NOTICE, firings=number))
        couriers.send("other", NOTICE)
        gate.touch()
        await becomes(lambda: not couriers.is_busy)
    assert log.read_text().splitlines() == ["1 0", "4 2"]
    assert said.texts == ["slow: 2 more suppressed"]


async def test_errands_are_apart_and_the_end_of_the_run_hurries_them(
    office: Office, tmp_path: Path, becomes: Any
) -> None:
    log = tmp_path / "log"
    command = alert("sh", "-c", f"echo $VUMETER_FIRINGS >> {log}")
    async with office(command, spacing_s=600.0) as (couriers, _):
        couriers.send("slow", NOTICE)
        await becomes(lambda: not couriers.is_busy)
        couriers.send("slow", replace(NOTICE, firings=2))
        await asyncio.sleep(0)
        assert couriers.is_busy
        assert log.read_text() == "1\n"
        couriers.hurry()
        await becomes(lambda: not couriers.is_busy)
    assert log.read_text() == "1\n2\n"


async def test_what_is_cut_off_is_said(office: Office, tmp_path: Path, becomes: Any) -> None:
    began = tmp_path / "began"
    async with office(alert("sh", "-c", f"touch {began}; exec sleep 600")) as (couriers, said):
        couriers.send("slow", NOTICE)
        await becomes(began.exists)
    assert said.texts == ["slow: the run ended before all was told"]


async def test_a_webhook_that_refuses_is_said_without_its_url(office: Office, becomes: Any) -> None:
    async with office(alert(webhook="http://[::1/s3cr3t")) as (couriers, said):
        couriers.send("slow", NOTICE)
        await becomes(lambda: not couriers.is_busy)
    assert said.texts == ["slow: the webhook was not told: it is not a URL"]
