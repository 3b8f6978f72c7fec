"""HTML in strings that are known to be HTML: whatever else is put into them is escaped."""

from collections.abc import Iterable
from html import escape

_VOID = frozenset({"meta", "br", "input"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Content = str | Iterable[str]
"""Text, which is escaped; or `Markup`, which is not; or several of either."""


def element(tag: str, *content: Content, **attributes: str | bool | None) -> Markup:
    """
    Return an element. Of attributes `class_` is `class`, and `_` is `-`; `None` leaves one out.

    >>> element("p", "1 < 2 ", element("b", "& more"), class_="note", title=None)
    '<p class="note">1 &lt; 2 <b>&amp; more</b></p>'
    """
    words = "".join(_attribute(name, value) for name, value in attributes.items())
    opened = f"<{tag}{words}>"
    return Markup(opened if tag in _VOID else f"{opened}{joined(content)}</{tag}>")


def joined(content: Iterable[Content]) -> Markup:
    """Return all of *content*, one after another."""
    return Markup("".join(map(_html, content)))


def _html(content: Content) -> str:
    if isinstance(content, Markup):
        return content
    return escape(content) if isinstance(content, str) else joined(content)


def _attribute(name: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    written = name.rstrip("_").replace("_", "-")
    return f" {written}" if value is True else f' {written}="{escape(str(value))}"'
