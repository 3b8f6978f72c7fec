"""What setup has made, as scripts may look at it: nobody can change it for the others."""

from typing import Any, NoReturn


class ReadOnlyDict(dict[str, Any]):
    """
    A dict that refuses to be changed; copies of it can be.

    A dict all the same, and no proxy of one, so that it can be sent as JSON.
    """

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("what setup has returned is read-only: change a copy, dict(…) of it")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __copy__(self) -> dict[str, Any]:
        return dict(self)

    def __deepcopy__(self, memo: object) -> dict[str, Any]:
        return {key: thawed(value) for key, value in self.items()}


def frozen(value: Any) -> Any:
    """
    Return a JSON value that cannot be changed: lists become tuples.

    >>> frozen({"ids": [1, 2]})
    {'ids': (1, 2)}
    """
    match value:
        case dict():
            return ReadOnlyDict({key: frozen(each) for key, each in value.items()})
        case list():
            return tuple(map(frozen, value))
        case _:
            return value


def thawed(value: Any) -> Any:
    """
    Return what `frozen` was given.

    >>> thawed(frozen({"ids": [1, 2]}))
    {'ids': [1, 2]}
    """
    match value:
        case dict():
            return {key: thawed(each) for key, each in value.items()}
        case tuple():
            return list(map(thawed, value))
        case _:
            return value
