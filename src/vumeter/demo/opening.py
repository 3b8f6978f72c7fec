"""What the shop's process and whoever starts it say to each other."""

from msgspec import Struct

PATIENCE_S = 3.0


class ShopOrder(Struct, frozen=True, kw_only=True):
    """What kind of shop to open."""

    port: int = 0
    """0: the kernel chooses."""
    patience_s: float = PATIENCE_S
    """How long a request waits for a connection, or for a lock, before it is answered 503."""


class Opening(Struct, frozen=True, kw_only=True, tag="opening"):
    """What is being started now, for people."""

    text: str


class Open(Struct, frozen=True, kw_only=True, tag="open"):
    """The shop answers."""

    socket: str
    """Of its back door."""


class NotOpened(Struct, frozen=True, kw_only=True, tag="not-opened"):
    """There is no shop, and nothing is left of the attempt."""

    message: str
    hint: str = ""


Said = Opening | Open | NotOpened
