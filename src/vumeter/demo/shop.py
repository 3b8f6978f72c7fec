"""Open a demo shop in a process of its own, and hold it open."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

from vumeter.demo.backdoor import BackDoor, ShopError
from vumeter.demo.opening import PATIENCE_S, NotOpened, Open, Opening, ShopOrder

_CLOSE_TIMEOUT_S = 20.0

_SAID: msgspec.json.Decoder[Opening | Open | NotOpened] = msgspec.json.Decoder(
    Opening | Open | NotOpened
)


class DemoShop:
    """
    A shop that was opened here. It goes when this process does, unless it follows a run;
    leaving the context closes it, unless it was left before.

    Blocking, like `Cluster`.

        with DemoShop.open() as shop:
            print(shop.door.status().url)
    """

    def __init__(self, process: subprocess.Popen[bytes], door: BackDoor) -> None:
        self._process = process
        self._is_left = False
        self.door = door

    @classmethod
    def open(
        cls,
        *,
        port: int = 0,
        patience_s: float = PATIENCE_S,
        tell: Callable[[str], None] = lambda _: None,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> "DemoShop":
        """
        Return a shop that answers.

        Args:
            port: Of 127.0.0.1; 0: the system chooses.
            patience_s: How long a request waits for a connection or a lock before its 503.
            tell: Called with what is being started, in words.
            meanwhile: Called once while PostgreSQL comes up, which takes about a second.

        Raises:
            VumeterError: There is no PostgreSQL to be had, or the port is taken.
        """
        order = msgspec.json.encode(ShopOrder(port=port, patience_s=patience_s)).decode()
        # Not the terminal, which is the cockpit's: a traceback is read back if there is one.
        with tempfile.TemporaryFile() as complaints:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "vumeter.demo.process", order],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                # Its own session: neither a ctrl+c nor the terminal's end is meant for it.
                start_new_session=True,
            )
            try:
                return cls(process, _opened(process, complaints, tell=tell, meanwhile=meanwhile))
            except BaseException:
                _leave(process)
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._is_left:
            self.close()

    @property
    def pid(self) -> int:
        """The shop process's."""
        return self._process.pid

    def leave(self) -> None:
        """Let go of the shop: it stays only if it follows a run."""
        self._is_left = True
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Return whether the shop and its database are gone, at the latest after that time."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        """Close the shop, whoever may need it; afterwards there is nothing left of it."""
        self.leave()
        self._process.terminate()
        if not self.wait(_CLOSE_TIMEOUT_S):
            # The cluster's keeper sees to the rest.
            self._process.kill()
            self._process.wait()


def _opened(
    process: subprocess.Popen[bytes],
    complaints: IO[bytes],
    *,
    tell: Callable[[str], None],
    meanwhile: Callable[[], object],
) -> BackDoor:
    assert process.stdout is not None, "the shop was started with a pipe"
    is_first = True
    for line in process.stdout:
        match _SAID.decode(line):
            case Opening(text=text):
                tell(text)
            case Open(socket=socket):
                return BackDoor(Path(socket))
            case NotOpened(message=message, hint=hint):
                raise ShopError(message, hint=hint)
        if is_first:
            meanwhile()
            is_first = False
    code = process.wait()
    complaints.seek(0)
    raise ShopError(
        f"The demo shop ended with {code} before it was open.",
        hint=complaints.read().decode(errors="replace").strip(),
    )


def _leave(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait()
