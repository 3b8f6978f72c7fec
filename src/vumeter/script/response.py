"""What became of a request, as a script sees it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from vumeter.client.expectation import Headers
from vumeter.model.measure import ErrorKind

_US_PER_S = 1_000_000


class RequestFailed(Exception):  # noqa: N818 - reads as what happened: except RequestFailed
    """A request that was to raise has failed; *response* is what there is of it."""

    def __init__(self, name: str, response: "Response") -> None:
        super().__init__(f"{name}: {response.error}" + _status_words(response))
        self.response = response


class Response(msgspec.Struct, eq=False):
    """
    A complete answer, or the failure to get one.

    Headers, text and JSON are worked out only when they are asked for.
    """

    # A Struct, as one is made for every request: a third of what a class in Python takes.
    status: int
    """0, when there is no complete answer."""
    error: ErrorKind | None
    """How it failed (`"status"` from 400 on, `"refused"`, `"timeout_response"`, …)."""
    _duration_us: int
    _fields: Headers = ()
    _body: bytes | bytearray | None = b""
    _headers: Mapping[str, str] | None = None

    def __repr__(self) -> str:
        """Return status, or failure, and duration."""
        return f"<Response {self.error or self.status} in {self.duration:.3f} s>"

    @property
    def ok(self) -> bool:
        """Whether there is an answer, and a good one."""
        return self.error is None

    @property
    def duration(self) -> float:
        """Service time in seconds, from sending to the last byte."""
        return self._duration_us / _US_PER_S

    @property
    def headers(self) -> Mapping[str, str]:
        """Values by name in lower case; those of a name that came twice with ", " between."""
        if self._headers is None:
            found: dict[str, str] = {}
            for raw_name, raw_value in self._fields:
                name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
                found[name] = f"{found[name]}, {value}" if name in found else value
            self._headers = MappingProxyType(found)
        return self._headers

    @property
    def body(self) -> bytes:
        """
        The body, decoded if it came compressed.

        Raises:
            ValueError: It was too long to be kept.
        """
        return bytes(self._kept())

    @property
    def text(self) -> str:
        """The body as UTF-8; what is none shows as �."""
        return str(self._kept(), "utf-8", "replace")

    def json(self) -> Any:
        """
        Return the body as JSON.

        Raises:
            ValueError: It is none.
        """
        return msgspec.json.decode(self._kept())

    def _kept(self) -> bytes | bytearray:
        if self._body is None:
            raise ValueError("the body is too long to be kept, or cannot be decoded")
        return self._body


def _status_words(response: Response) -> str:
    return f" {response.status}" if response.status else ""
