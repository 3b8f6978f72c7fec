"""Memory that is filled and forgotten, a little at each call, up to a bound."""

import mmap

CRUMB_BYTES = 2048
MAX_BYTES = 256 * 2**20
"""Enough to show within minutes, too little to take the machine down."""

_BLOCK_BYTES = 2**20


class Leak:
    """
    Grows by `CRUMB_BYTES` a call.

    In blocks of the kernel's own: what is mended goes back to it at once. Python's allocator
    would keep freed crumbs for itself, and the mending would not show.
    """

    def __init__(self) -> None:
        self._blocks: list[mmap.mmap] = []
        self.leaked_bytes = 0

    def grow(self) -> None:
        """Leak one more crumb, unless the bound is reached."""
        if self.leaked_bytes >= MAX_BYTES:
            return
        offset = self.leaked_bytes % _BLOCK_BYTES
        if offset == 0:
            self._blocks.append(mmap.mmap(-1, _BLOCK_BYTES))
        # Written to: pages that nobody has touched are not in memory.
        self._blocks[-1][offset : offset + CRUMB_BYTES] = b"\x01" * CRUMB_BYTES
        self.leaked_bytes += CRUMB_BYTES

    def mend(self) -> None:
        """Give everything back."""
        for block in self._blocks:
            block.close()
        self._blocks.clear()
        self.leaked_bytes = 0
