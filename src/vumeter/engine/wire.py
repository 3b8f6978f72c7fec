"""Messages over a socket pair: a length in four bytes, then msgpack."""

import asyncio
import socket
from typing import Any

import msgspec

LENGTH_BYTES = 4
LIMIT_BYTES = 64 * 1024 * 1024
"""Of one message, and of all that wait because the other side does not read."""


class WireError(Exception):
    """The other side sends what is no message, or does not read what it is sent."""


class Wire:
    """One end of the conversation between a run process and a worker."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, incoming: Any
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = msgspec.msgpack.Decoder(incoming)
        self._encoder = msgspec.msgpack.Encoder()

    @classmethod
    async def over(cls, plug: socket.socket, incoming: Any) -> "Wire":
        """Return the end of the conversation at *plug*, on which *incoming* is understood."""
        reader, writer = await asyncio.open_connection(sock=plug)
        return cls(reader, writer, incoming)

    def send(self, message: msgspec.Struct) -> None:
        """
        Send *message* without waiting.

        Raises:
            WireError: The other side has not read for so long that `LIMIT_BYTES` wait.
        """
        if self._writer.is_closing():
            return
        if self._writer.transport.get_write_buffer_size() > LIMIT_BYTES:
            raise WireError(f"the other side has left {LIMIT_BYTES} bytes unread")
        payload = self._encoder.encode(message)
        self._writer.write(len(payload).to_bytes(LENGTH_BYTES, "big") + payload)

    async def receive(self) -> Any:
        """
        Return the next message of the other side; `None` once it has closed.

        Raises:
            WireError: It sends what is no message.
        """
        payload = await self._payload()
        if payload is None:
            return None
        try:
            return self._decoder.decode(payload)
        except msgspec.DecodeError as error:
            raise WireError(f"not a message: {error}") from error

    async def _payload(self) -> bytes | None:
        try:
            head = await self._reader.readexactly(LENGTH_BYTES)
            size = int.from_bytes(head, "big")
            if size > LIMIT_BYTES:
                raise WireError(f"a message of {size} bytes")
            return await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def close(self, *, flush: bool = True) -> None:
        """Close this end, after what was sent has left it when *flush*."""
        if not flush:
            self._writer.transport.abort()
            return
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            return
