"""Sampled stacks, collapsed as flamegraph.pl reads them: what they say of functions. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

_LINE = re.compile(r"(.*) \((.*):(\d+)\)", re.DOTALL)
"""A frame as py-spy writes it: a function, its file and the line that was at work."""
_PROCESS = re.compile(r"process \d+")


class Stack(NamedTuple):
    """One stack, and how often it was met."""

    frames: tuple[str, ...]
    """From the outside in."""
    samples: int


class Hot(NamedTuple):
    """One function: how often it was at work."""

    function: str
    """With its file: "burn_here (shop/web.py)"."""
    line: int
    """The one that was met most often; 0: that is not known."""
    own: int
    """In how many samples itself."""
    total: int
    """In how many samples itself, or what it had called."""


class Box(NamedTuple):
    """One rectangle of a flame graph."""

    name: str
    depth: int
    """From 0 on: how many calls from the outside."""
    start: int
    """Samples to the left of it."""
    samples: int
    """Its width."""
    own: int
    """Of which nothing stands above it."""


def stacks_of(text: str) -> tuple[Stack, ...]:
    """
    Return the stacks in *text*; a line that is none is left out.

    >>> stacks_of("main (a.py:9);burn (a.py:4) 17")
    (Stack(frames=('main (a.py:9)', 'burn (a.py:4)'), samples=17),)
    """
    found = (line.rpartition(" ") for line in text.splitlines())
    return tuple(
        Stack(tuple(frames.split(";")), int(count))
        for frames, _, count in found
        if frames and count.isascii() and count.isdigit()
    )


def hottest(stacks: Iterable[Stack]) -> list[Hot]:
    """Return every function, the one with the most samples of its own first."""
    own: Counter[str] = Counter()
    total: Counter[str] = Counter()
    lines: dict[str, Counter[int]] = {}
    for frames, samples in stacks:
        calls = [_function_of(each) for each in frames if not _PROCESS.fullmatch(each)]
        # A function that calls itself is one, however deep it went.
        for function in {function for function, _ in calls}:
            total[function] += samples
        if calls:
            function, line = calls[-1]
            own[function] += samples
            lines.setdefault(function, Counter())[line] += samples
    found = [
        Hot(name, lines[name].most_common(1)[0][0] if name in lines else 0, own[name], count)
        for name, count in total.items()
    ]
    return sorted(found, key=lambda hot: (-hot.own, -hot.total, hot.function))


def boxes(stacks: Iterable[Stack]) -> Iterator[Box]:
    """
    Yield the rectangles of the flame graph, each after the one that it stands on.

    Of siblings the widest comes first; the same function called from the same place is one box,
    whichever of its lines was at work.
    """
    named = sorted(
        (tuple(_function_of(each)[0] for each in frames), samples) for frames, samples in stacks
    )
    waiting = [(0, 0, named)]
    while waiting:
        depth, start, group = waiting.pop()
        # The shorter ones come first: what they end in has nothing above it.
        deeper = [each for each in group if len(each[0]) > depth]
        start += sum(samples for _, samples in group) - sum(samples for _, samples in deeper)
        found = [
            (sum(samples for _, samples in inside), name, inside)
            for name, inside in _siblings(deeper, depth)
        ]
        for width, name, inside in sorted(found, key=lambda each: (-each[0], each[1])):
            own = sum(samples for frames, samples in inside if len(frames) == depth + 1)
            yield Box(name, depth, start, width, own)
            waiting.append((depth + 1, start, inside))
            start += width


def torn_samples(stacks: Iterable[Stack]) -> int:
    """
    Return how many samples seem to lack their outer end: they begin with a function that elsewhere
    is called by another one, and more often so than not.

    That comes of stacks that are read while they change.
    """
    outermost: Counter[str] = Counter()
    called: Counter[str] = Counter()
    for frames, samples in stacks:
        calls = [_function_of(each)[0] for each in frames if not _PROCESS.fullmatch(each)]
        outermost.update({calls[0]: samples} if calls else {})
        called.update(dict.fromkeys(set(calls[1:]), samples))
    return sum(samples for name, samples in outermost.items() if called[name] > samples)


_Named = tuple[tuple[str, ...], int]


def _siblings(group: Sequence[_Named], depth: int) -> Iterator[tuple[str, list[_Named]]]:
    """Yield the functions at that depth, which stand together in *group*, with their stacks."""
    inside: list[_Named] = []
    for each in group:
        if inside and inside[0][0][depth] != each[0][depth]:
            yield inside[0][0][depth], inside
            inside = []
        inside.append(each)
    if inside:
        yield inside[0][0][depth], inside


def _function_of(frame: str) -> tuple[str, int]:
    """Return the function with its file, and the line; 0: there is none."""
    match = _LINE.fullmatch(frame)
    return (f"{match[1]} ({match[2]})", int(match[3])) if match else (frame, 0)
