"""Compressed bodies: undone in whatever pieces they come, refused when they lie or explode."""

import gzip
import zlib

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.client.decoding import BrokenBodyError, Decoder, decoder_for

TEXT = b'{"price": 101.25, "symbol": "VUM"}' * 20
ENCODED = {
    "gzip": gzip.compress(TEXT),
    "x-gzip": gzip.compress(TEXT),
    "GZIP": gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:]),
    "deflate": zlib.compress(TEXT),
    " Deflate ": zlib.compress(TEXT)[2:-4],
    "br": brotli.compress(TEXT),
}
COMPRESS = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}
LIMIT_BYTES = 10_000


def made(encoding: str) -> Decoder:
    decoder = decoder_for(encoding.encode())
    assert decoder is not None
    return decoder


def decoded_in_pieces(decoder: Decoder, data: bytes, sizes: list[int]) -> bytes | None:
    body = b""
    while data:
        size = sizes.pop() if sizes else len(data)
        piece = decoder.decoded(data[:size], limit_bytes=LIMIT_BYTES - len(body))
        if piece is None:
            return None
        body, data = body + piece, data[size:]
    return body


@pytest.mark.parametrize("encoding", ENCODED)
@given(sizes=st.lists(st.integers(1, 50), max_size=40))
def test_a_body_is_the_same_in_whatever_pieces_it_comes(encoding, sizes) -> None:
    decoder = made(encoding)
    assert decoded_in_pieces(decoder, ENCODED[encoding], sizes) == TEXT
    assert not decoder.is_unfinished


@pytest.mark.parametrize("encoding", ENCODED)
def test_a_body_that_is_cut_off_is_unfinished_and_one_of_no_bytes_is_not(encoding) -> None:
    decoder = made(encoding)
    assert not decoder.is_unfinished
    decoder.decoded(ENCODED[encoding][:-5], limit_bytes=LIMIT_BYTES)
    assert decoder.is_unfinished
    one_byte = made(encoding)
    one_byte.decoded(ENCODED[encoding][:1], limit_bytes=LIMIT_BYTES)
    assert one_byte.is_unfinished


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        pytest.param(b"gzip", b"{}", id="no gzip at all"),
        pytest.param(b"gzip", ENCODED["gzip"][:-8] + bytes(8), id="a wrong checksum"),
        pytest.param(b"gzip", ENCODED["gzip"] + b"more", id="something after the end"),
        pytest.param(b"gzip", gzip.compress(b"") * 100, id="a hundred empty members"),
        pytest.param(b"deflate", b"\xff\xff\xff", id="no deflate at all"),
        pytest.param(b"deflate", ENCODED["deflate"] + b"more", id="after the end of zlib"),
        pytest.param(b"br", b"{}", id="no Brotli at all"),
        pytest.param(b"br", ENCODED["br"] + b"more", id="after the end of Brotli"),
    ],
)
def test_a_body_that_is_not_what_it_says_is_refused(encoding, data) -> None:
    with pytest.raises(BrokenBodyError):
        made(encoding.decode()).decoded(data, limit_bytes=LIMIT_BYTES)


@pytest.mark.parametrize("encoding", COMPRESS)
def test_a_bomb_is_given_up_at_the_limit(encoding) -> None:
    fits, explodes = (COMPRESS[encoding](bytes(size)) for size in (LIMIT_BYTES, 20_000_000))
    assert made(encoding).decoded(fits, limit_bytes=LIMIT_BYTES) == bytes(LIMIT_BYTES)
    assert made(encoding).decoded(explodes, limit_bytes=LIMIT_BYTES) is None
    assert made(encoding).decoded(fits, limit_bytes=LIMIT_BYTES - 1) is None


@pytest.mark.parametrize("encoding", [b"zstd", b"gzip, gzip"])
def test_what_is_not_spoken_here_is_no_body(encoding) -> None:
    decoder = decoder_for(encoding)
    assert decoder is not None
    assert not decoder.is_known
    assert decoder.decoded(b"x", limit_bytes=LIMIT_BYTES) is None
    assert not decoder.is_unfinished


@given(data=st.binary(max_size=200), encoding=st.sampled_from([*COMPRESS]))
def test_no_bytes_break_the_decoder(data, encoding) -> None:
    try:
        body = made(encoding).decoded(data, limit_bytes=LIMIT_BYTES)
    except BrokenBodyError:
        return
    assert body is not None
