"""Messages over a socket pair."""

import asyncio
import socket

import pytest

from vumeter.engine.wire import LIMIT_BYTES, Wire, WireError
from vumeter.model.messages import Acknowledged, FromWorker, Ready, Remark


async def pair() -> tuple[Wire, Wire]:
    one, two = socket.socketpair()
    return await Wire.over(one, FromWorker), await Wire.over(two, FromWorker)


async def test_messages_arrive_in_their_order_and_of_their_kind() -> None:
    one, two = await pair()
    sent = [Ready(pid=1), Acknowledged(id=2), Remark(text="x" * 300_000)]
    for message in sent:
        one.send(message)
    assert [await two.receive() for _ in sent] == sent
    await one.close()
    assert await two.receive() is None
    await two.close()


async def test_a_message_that_is_cut_off_is_the_end() -> None:
    plug, other = socket.socketpair()
    wire = await Wire.over(other, FromWorker)
    plug.sendall((100).to_bytes(4, "big") + b"half")
    plug.close()
    assert await wire.receive() is None
    await wire.close()


@pytest.mark.parametrize(
    "data", [b"\0\0\0\1\xc1", (LIMIT_BYTES + 1).to_bytes(4, "big"), b"\0\0\0\1\x90"]
)
async def test_what_is_no_message_is_refused(data) -> None:
    plug, other = socket.socketpair()
    wire = await Wire.over(other, FromWorker)
    plug.sendall(data)
    with pytest.raises(WireError):
        await wire.receive()
    plug.close()
    await wire.close(flush=False)


@pytest.mark.slow
async def test_what_waits_for_a_side_that_does_not_read_is_bounded() -> None:
    one, two = await pair()
    with pytest.raises(WireError, match="unread"):
        for _ in range(2 * LIMIT_BYTES // 1_000_000):
            one.send(Remark(text="x" * 1_000_000))
    await one.close(flush=False)
    await two.close(flush=False)


async def test_sending_to_a_side_that_is_gone_is_no_error() -> None:
    one, two = await pair()
    await two.close()
    assert await one.receive() is None
    one.send(Ready(pid=1))
    await asyncio.sleep(0)
    await one.close()
