"""How decrypted bytes reach an exchange without an allocation as large as the largest read."""

import asyncio

from vumeter.client.exchange import Exchange

BUFFER_BYTES = 262_144


class Decrypted(asyncio.BufferedProtocol):
    """
    Stands between uvloop's TLS and an exchange.

    To a plain protocol uvloop gives what it decrypts as new bytes objects, each allocated
    with 256 KiB and then cut down to an answer's hundred bytes, which costs 30 µs; into a
    buffer it writes in place. The loop fills and empties it within one callback, so that
    one *buffer* serves all connections of a worker.
    """

    __slots__ = ("_exchange", "_view")

    def __init__(self, exchange: Exchange, buffer: bytearray) -> None:
        self._exchange = exchange
        self._view = memoryview(buffer)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand the transport on."""
        self._exchange.connection_made(transport)

    def pause_writing(self) -> None:
        """Hand on that the system takes no more for now."""
        self._exchange.pause_writing()

    def resume_writing(self) -> None:
        """Hand on that it does again."""
        self._exchange.resume_writing()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where to put what was decrypted."""
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Hand the first *nbytes* of the buffer on."""
        self._exchange.data_received(bytes(self._view[:nbytes]))

    def eof_received(self) -> None:
        """Hand the end of the stream on."""
        self._exchange.eof_received()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Hand the loss on."""
        self._exchange.connection_lost(exc)
