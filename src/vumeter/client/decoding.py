"""Bodies that travel compressed, undone as they come in, and never beyond a limit."""

import zlib
from typing import Protocol

import brotli

_GZIP = 16 + zlib.MAX_WBITS
_ZLIB = zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS
_MOST_MEMBERS = 64
"""Of one gzip body: each costs as much as kilobytes do, and may be empty."""


class BrokenBodyError(ValueError):
    """The body is not what its Content-Encoding says."""


class Decoder(Protocol):
    """Undoes one Content-Encoding, of one body."""

    @property
    def is_known(self) -> bool:
        """Whether the encoding is spoken here; one that is not gives nothing."""

    @property
    def is_unfinished(self) -> bool:
        """Whether a body that ends here is cut off; one of no bytes at all is not."""

    def decoded(self, data: bytes, *, limit_bytes: int) -> bytes | None:
        """
        Return what *data* is, once decoded; `None` when it is more than *limit_bytes*.

        Raises:
            BrokenBodyError: It is not encoded like this.
        """


class Inflater:
    """
    Undoes gzip, also in several members, and deflate.

    "deflate" means a zlib stream, and some servers send the bare one inside it: the first two
    bytes tell.
    """

    is_known = True

    def __init__(self, *, is_gzip: bool) -> None:
        self._is_gzip = is_gzip
        self._beginning = b""
        self._stream = zlib.decompressobj(_GZIP) if self._is_gzip else None
        self._is_begun = False
        self._members = 1

    def decoded(self, data: bytes, *, limit_bytes: int) -> bytes | None:
        """Return what *data* is, see `Decoder`."""
        self._is_begun = True
        if self._stream is None:
            data, self._beginning = self._beginning + data, b""
            if len(data) < 2:
                self._beginning = data
                return b""
            self._stream = zlib.decompressobj(_ZLIB if _is_zlib(data) else _RAW)
        decoded = b""
        while data:
            try:
                # One byte over the limit tells a body that fits from one that does not.
                decoded += self._stream.decompress(data, limit_bytes - len(decoded) + 1)
            except zlib.error:
                raise BrokenBodyError from None
            if len(decoded) > limit_bytes:
                return None
            data = self._stream.unused_data
            if data:
                self._begin_member()
        return decoded

    @property
    def is_unfinished(self) -> bool:
        """Whether a body that ends here is cut off."""
        return self._is_begun and not (self._stream and self._stream.eof)

    def _begin_member(self) -> None:
        self._members += 1
        if not self._is_gzip or self._members > _MOST_MEMBERS:
            raise BrokenBodyError
        self._stream = zlib.decompressobj(_GZIP)


class Unbrotlier:
    """Undoes Brotli (RFC 7932)."""

    is_known = True

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()
        self._is_begun = False

    def decoded(self, data: bytes, *, limit_bytes: int) -> bytes | None:
        """Return what *data* is, see `Decoder`."""
        self._is_begun = True
        try:
            # The library rounds the limit up to its buffer of 32 KiB, and keeps the rest.
            decoded: bytes = self._stream.process(data, output_buffer_limit=limit_bytes + 1)
        except brotli.error:
            raise BrokenBodyError from None
        return decoded if len(decoded) <= limit_bytes else None

    @property
    def is_unfinished(self) -> bool:
        """Whether a body that ends here is cut off."""
        return self._is_begun and not self._stream.is_finished()


class Unspoken:
    """An encoding that is not known here: what it encodes is no body."""

    is_known = False
    is_unfinished = False

    def decoded(self, data: bytes, *, limit_bytes: int) -> bytes | None:
        """Return nothing."""
        return None


def decoder_for(encoding: bytes) -> Decoder | None:
    """
    Return what undoes *encoding*, the value of a Content-Encoding header; `None`: nothing to do.

    >>> decoder_for(b"identity") is None, decoder_for(b"GZIP").is_known
    (True, True)
    """
    match encoding.strip().lower():
        case b"" | b"identity":
            return None
        case b"gzip" | b"x-gzip":
            return Inflater(is_gzip=True)
        case b"deflate":
            return Inflater(is_gzip=False)
        case b"br":
            return Unbrotlier()
        case _:
            return Unspoken()


def _is_zlib(data: bytes) -> bool:
    return data[0] & 15 == 8 and int.from_bytes(data[:2], "big") % 31 == 0
