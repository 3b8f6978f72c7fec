"""What a test server says to a path."""

from dataclasses import dataclass
from http import HTTPStatus

_PHRASES = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the server says to one path."""

    status: int = 200
    body: bytes = b'{"status": "ok"}'
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)

    def head(self, *, closes: bool) -> bytes:
        """Return the head of the answer, its blank line included."""
        lines = [f"HTTP/1.1 {self.status} {_PHRASES.get(self.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.status not in (204, 304):
            lines.append(f"Content-Length: {len(self.body)}")
        if closes:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer_by_name(path: str) -> Answer:
    """Return what *path* asks for: `/status/503`, `/bytes/4096`, or the ordinary answer."""
    match path.split("/"):
        case ["", "status", status] if status.isdigit():
            return Answer(status=int(status), body=b"" if int(status) in (204, 304) else b"{}")
        case ["", "bytes", size] if size.isdigit():
            return Answer(body=b"x" * int(size))
    return Answer()
