"""Several databases: their names, and a frame as if one of them were the only one."""

from msgspec.structs import replace

from vumeter.model.frame import Frame


def database_names(frame: Frame) -> list[str]:
    """Return the names of those that are watched; the first has none."""
    return ["", *frame.postgres_more]


def of_database(frame: Frame, name: str) -> Frame:
    """Return *frame* with the database of that name where the first is."""
    if not name:
        return frame
    return replace(frame, postgres=frame.postgres_more.get(name))
