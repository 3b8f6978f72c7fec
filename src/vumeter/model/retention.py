"""For how long a stored run keeps its readings as they are, and how large it may become."""

from msgspec import Struct


class Retention(Struct, frozen=True, kw_only=True):
    """
    When readings are merged: seconds into tens, tens into minutes.

    Minutes are kept for ever, unless the store would become larger than *most_bytes*: then its
    oldest readings are merged, ten minutes into one at last.
    """

    seconds_s: int = 3_600
    tens_s: int = 21_600
    most_bytes: int = 190_000_000
    """With 20 endpoints at 1,000 requests/s, 72 h of the closed model stay below it."""
