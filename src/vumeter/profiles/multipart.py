"""Forms with files in them: multipart/form-data (RFC 7578), written, and read back."""

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import count
from mimetypes import MimeTypes
from typing import NamedTuple

_KIND = "multipart/form-data; boundary="
_BOUNDARY = re.compile(re.escape(_KIND) + r"(vumeter-[0-9a-f]{32})")
_HEAD = re.compile(
    rb'Content-Disposition: form-data; name="([^"]*)"(?:; filename="([^"]*)")?'
    rb"(?:\r\nContent-Type: ([^\r\n]*))?"
)
# As browsers escape them (HTML, "multipart/form-data").
_ESCAPES = {'"': "%22", "\r": "%0D", "\n": "%0A"}


class Part(NamedTuple):
    """One field of a form."""

    name: str
    content: bytes
    filename: str | None = None
    content_type: str | None = None


def multipart_body(parts: Sequence[Part]) -> tuple[bytes, str]:
    """
    Return *parts* as a body, and its Content-Type.

    The boundary follows from the parts, so that the same parts are the same body; from their
    heads alone, for it is shown where a content may not even be guessed at.

    >>> body, kind = multipart_body([Part("a", b"1")])
    >>> parts_in(body, kind)
    [Part(name='a', content=b'1', filename=None, content_type=None)]
    """
    boundary = next(each for each in _boundaries(parts) if _parts_from(each, parts))
    line = b"--" + boundary.encode("ascii")
    written = (_head(part) + b"\r\n\r\n" + part.content + b"\r\n" for part in parts)
    body = b"".join(b"%b\r\n%b" % (line, each) for each in written) + line + b"--\r\n"
    return body, _KIND + boundary


def parts_in(body: bytes, content_type: str) -> list[Part] | None:
    """Return the parts of a *body* that `multipart_body` has made; `None`: another has."""
    match = _BOUNDARY.fullmatch(content_type)
    if match is None:
        return None
    first, *pieces = body.split(b"--" + match[1].encode("ascii"))
    parts = [_part(piece) for piece in pieces[:-1]]
    known = [part for part in parts if part is not None]
    is_ours = first == b"" and multipart_body(known) == (body, content_type)
    return known if is_ours else None


def type_of(filename: str) -> str:
    """
    Return the Content-Type of a file of this name, on all machines the same.

    >>> type_of("photo.png"), type_of("data.unknown")
    ('image/png', 'application/octet-stream')
    """
    return MimeTypes().guess_type(filename)[0] or "application/octet-stream"


def _boundaries(parts: Sequence[Part]) -> Iterator[str]:
    heads = b"\0".join(map(_head, parts))
    for attempt in count():
        digest = sha256(b"%d\0%b" % (attempt, heads)).hexdigest()
        yield f"vumeter-{digest[:32]}"


def _parts_from(boundary: str, parts: Sequence[Part]) -> bool:
    """Return whether *boundary* tells *parts* apart, because it is in none of them."""
    return not any(boundary.encode("ascii") in part.content for part in parts)


def _head(part: Part) -> bytes:
    head = f'Content-Disposition: form-data; name="{_escaped(part.name)}"'
    if part.filename is not None:
        head += f'; filename="{_escaped(part.filename)}"'
    if part.content_type is not None:
        head += f"\r\nContent-Type: {part.content_type}"
    return head.encode()


def _part(piece: bytes) -> Part | None:
    head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    match = _HEAD.fullmatch(head)
    if match is None:
        return None
    # What is no text was not made here, and will not be the same when it is made again.
    name, filename, kind = (
        None if each is None else each.decode(errors="replace") for each in match.groups()
    )
    return Part(
        name=_unescaped(name or ""),
        content=content.removesuffix(b"\r\n"),
        filename=None if filename is None else _unescaped(filename),
        content_type=kind,
    )


def _escaped(text: str) -> str:
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return text


def _unescaped(text: str) -> str:
    for character, escape in _ESCAPES.items():
        text = text.replace(escape, character)
    return text
