"""
`python -m vumeter.engine.leash MODULE FD` is *MODULE*, which dies with the process that started it.

A worker reads in its conversation that its run is gone. But it imports for half a second before
it can read, four on a machine that is busy, and a script of its user's may block it for good.
Where the kernel can, it is asked to see to it, before anything else is loaded.
"""

import ctypes
import runpy
import signal
import socket
import sys

_PR_SET_PDEATHSIG = 1


def tie() -> None:
    """Have the kernel kill this process when the thread that started it ends; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def main(argv: list[str]) -> None:
    """Tie this process to its parent, and go on as the module that *argv* names."""
    module, descriptor = argv
    tie()
    plug = socket.socket(fileno=int(descriptor))
    if _is_closed(plug):
        return  # it had ended before it could be tied to
    plug.detach()  # the module's, by its number
    sys.argv[1:] = [descriptor]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _is_closed(plug: socket.socket) -> bool:
    try:
        return plug.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False


if __name__ == "__main__":
    main(sys.argv[1:])
