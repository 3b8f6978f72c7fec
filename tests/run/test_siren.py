"""Alerts while a run lasts: what is told, to whom, and what never reaches anybody."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from msgspec.structs import replace

from vumeter.errors import ProfileError
from vumeter.model.alert import Alert, AlertLevel
from vumeter.model.frame import Event, EventLevel, Frame, RunState, StopCause
from vumeter.model.plan import Plan
from vumeter.model.throttle import CommandKind
from vumeter.run.conductor import Conductor
from vumeter.run.siren import AUTHOR
from vumeter.testing.server import LoopbackServer

Plans = Callable[..., Plan]

FAILING = Alert(
    name="failing",
    metric="http_req_failed",
    expression="rate > 50% over 2s",
    level=AlertLevel.CRITICAL,
    clear_after_s=0.0,
)
"""Fires when the server's gate is closed, since requests then time out."""


@pytest.fixture
async def hook() -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """A webhook's URL, and the notices that it was told."""
    notices: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        notices.append(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/services/c4n4ry-of-the-path", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}/services/c4n4ry-of-the-path", notices
    await runner.cleanup()


def told(events: tuple[Event, ...]) -> list[Event]:
    return [event for event in events if event.author == AUTHOR]


def test_a_plan_with_an_alert_that_is_none_does_not_begin(a_plan: Plans) -> None:
    wrong = replace(FAILING, expression="rate > 50%")
    with pytest.raises(ProfileError, match="since the start"):
        Conductor(a_plan("http://127.0.0.1:1/", alerts=(wrong,)))


@pytest.mark.slow
async def test_an_alert_fires_and_clears_for_the_screen_a_command_and_a_webhook(
    fly: Any,
    a_plan: Plans,
    server: LoopbackServer,
    until: Any,
    becomes: Any,
    hook: tuple[str, list[dict[str, Any]]],
    tmp_path: Path,
) -> None:
    url, notices = hook
    log = tmp_path / "log"
    alert = replace(
        FAILING,
        command=("sh", "-c", f"echo $VUMETER_EVENT $VUMETER_RUN >> {log}; echo done"),
        webhook=url,
    )
    async with fly(a_plan(server.url, timeout_s=0.2, alerts=(alert,))) as flight:
        link = await flight.link()
        quiet = await until(link, lambda frame: frame.second >= 2)
        assert [(each.name, each.is_firing) for each in quiet.alerts] == [("failing", False)]
        server.gate.close()
        broken: Frame = await until(link, lambda frame: frame.alerts[0].is_firing)
        assert broken.alerts[0].firings == 1
        assert broken.state is RunState.RUNNING
        first = told(broken.events)[0]
        assert first.text.startswith("failing fires (critical): http_req_failed: rate > 50%")
        assert (first.level, first.label) == (EventLevel.ERROR, "failing")
        server.gate.open()
        mended: Frame = await until(link, lambda frame: not frame.alerts[0].is_firing)
        assert [event.label for event in told(mended.events) if event.label] == [
            "failing",
            "failing ok",
        ]
        await becomes(lambda: len(notices) == 2)
        said = await until(
            link,
            lambda frame: (
                len([each for each in told(frame.events) if "sh says: done" in each.text]) == 2
            ),
        )
        assert "c4n4ry" not in msgspec.json.encode(said).decode()
        assert "c4n4ry" not in msgspec.json.encode(link.hello).decode()
        await link.close()
        await flight.do(CommandKind.STOP)
        summary = await flight.summary()
    assert [notice["event"] for notice in notices] == ["fired", "cleared"]
    assert notices[0]["observed"] > 0.5 >= notices[1]["observed"]
    assert log.read_text().splitlines() == ["fired test", "cleared test"]
    (state,) = summary.alerts
    assert (state.firings, state.is_firing) == (1, False)
    assert state.firing_s == notices[1]["at_s"] - notices[0]["at_s"]
    assert state.first_fired_s == notices[0]["at_s"]
    assert "c4n4ry" not in msgspec.json.encode(summary).decode()


@pytest.mark.slow
async def test_what_is_acknowledged_is_said_and_journalled_and_quiet_until_it_clears(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    async with fly(a_plan(server.url, timeout_s=0.2, alerts=(FAILING,))) as flight:
        link = await flight.link("alice")
        assert await flight.do(CommandKind.ACKNOWLEDGE) == "No alert fires that nobody has seen"
        server.gate.close()
        await until(link, lambda frame: frame.alerts[0].is_firing)
        answer = await flight.do(CommandKind.ACKNOWLEDGE, "bob", alert="another")
        assert answer == 'No alert "another" fires that nobody has seen'
        # Bob has not the control, and needs none for this.
        assert await flight.do(CommandKind.ACKNOWLEDGE, "bob") == "seen: failing"
        await until(link, lambda frame: frame.alerts[0].is_acknowledged)
        server.gate.open()
        await until(link, lambda frame: not frame.alerts[0].is_firing)
        server.gate.close()
        again = await until(link, lambda frame: frame.alerts[0].is_firing)
        assert not again.alerts[0].is_acknowledged
        assert again.alerts[0].firings == 2
        server.gate.open()
        journal = await link.journal()
        await link.close()
    assert [(each.command.author, each.effect) for each in journal if each.accepted] == [
        ("bob", "seen: failing")
    ]


@pytest.mark.slow
async def test_the_end_of_the_run_is_told_and_waits_for_nobody_for_long(
    fly: Any,
    a_plan: Plans,
    server: LoopbackServer,
    until: Any,
    hook: tuple[str, list[dict[str, Any]]],
) -> None:
    url, notices = hook
    busy = Alert(
        name="busy",
        metric="http_reqs",
        expression="count > 0 over 1s",
        command=("sleep", "600"),
        webhook=url,
    )
    ended = replace(busy, name="ended", command=())
    async with fly(a_plan(server.url, alerts=(busy, ended))) as flight:
        link = await flight.link()
        await until(link, lambda frame: all(alert.is_firing for alert in frame.alerts))
        await flight.do(CommandKind.STOP)
        summary = await flight.summary()
        async for frame in link.frames():
            last = frame
        await link.close()
    assert all(alert.is_firing for alert in summary.alerts)
    assert [notice["event"] for notice in notices if notice["alert"] == "ended"] == [
        "fired",
        "ended",
    ]
    assert "busy: the run ended before all was told" in [event.text for event in last.events]
    # The errands had their two seconds, and those are not the run's.
    assert last.elapsed_s == summary.duration_s


@pytest.mark.slow
async def test_an_abort_waits_for_no_errand(
    fly: Any, a_plan: Plans, server: LoopbackServer, until: Any
) -> None:
    hangs = Alert(
        name="busy",
        metric="http_reqs",
        expression="count > 0 over 1s",
        command=("sleep", "600"),
    )
    async with fly(a_plan(server.url, alerts=(hangs,))) as flight:
        link = await flight.link()
        await until(link, lambda frame: frame.alerts[0].is_firing)
        await flight.do(CommandKind.ABORT)
        async with asyncio.timeout(30):
            summary = await flight.summary()
        await link.close()
    assert summary.alerts[0].is_firing


@pytest.mark.slow
async def test_secrets_of_a_profile_reach_no_command_and_no_webhook(
    fly: Any,
    a_plan: Plans,
    server: LoopbackServer,
    becomes: Any,
    hook: tuple[str, list[dict[str, Any]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, notices = hook
    monkeypatch.setenv("SHOP_TOKEN", "Bearer c4n4ry-1")
    monkeypatch.setenv("VUMETER_PG", "postgresql://ann:c4n4ry-2@127.0.0.1/shop")
    log = tmp_path / "log"
    alert = Alert(
        name="c4n4ry-1",
        metric="http_reqs",
        expression="count > 0 over 1s",
        command=("sh", "-c", f"env > {log}.part; mv {log}.part {log}; echo password=c4n4ry-3"),
        webhook=url,
    )
    plan = a_plan(server.url, alerts=(alert,), secrets=("c4n4ry-1",))
    async with fly(plan) as flight:
        await becomes(lambda: log.exists() and notices)
        link = await flight.link()
        await link.close()
        await flight.do(CommandKind.STOP)
        summary = await flight.summary()
        status = msgspec.json.encode(link.hello).decode()
    assert "c4n4ry" not in log.read_text()
    assert "c4n4ry" not in json.dumps(notices)
    assert "c4n4ry" not in status
    assert "c4n4ry" not in msgspec.json.encode(summary).decode()


@pytest.mark.slow
async def test_a_signal_in_the_last_words_hurries_them_and_changes_nothing_else(
    a_plan: Plans, server: LoopbackServer, becomes: Any
) -> None:
    hangs = Alert(
        name="busy",
        metric="http_reqs",
        expression="count > 0 over 1s",
        command=("sleep", "600"),
    )
    plan = a_plan(server.url, duration_s=2.0, alerts=(hangs,))
    async with Conductor(plan, is_attended=True) as conductor:
        await conductor.start()
        ending = asyncio.create_task(conductor.finish())
        await becomes(
            lambda: any("to the end" in event.text for event in conductor.hello.frame.events)
        )
        conductor.interrupt("SIGINT")
        summary = await ending
    assert summary.stop is StopCause.SCHEDULE
    assert summary.journal == ()
