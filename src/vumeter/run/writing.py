"""Files that are there whole, or not at all."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes, *, mode: int = 0o666) -> None:
    """
    Write a file so that no reader ever sees half of it; *mode* as far as the umask allows.

    What is there and is no plain file (a pipe, /dev/stdout) is written to as it is.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    real = path.resolve()
    partial = real.with_name(f".{real.name}.{os.getpid()}.partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        partial.replace(real)
    finally:
        partial.unlink(missing_ok=True)
