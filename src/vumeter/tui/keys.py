"""
Every key of the cockpit, once: bindings, help, palette and key line all read this table.

Printable keys only, since terminal multiplexers eat the modified ones; ctrl+p and ctrl+c are
what fingers expect of any terminal program. A key's id is what a user's own keymap names.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace
from textual.binding import Binding


class Group(StrEnum):
    """What a key has to do with; the help shows them in this order."""

    REPLAY = "replay"
    THROTTLE = "throttle"
    LOAD = "load"
    VIEW = "view"
    TIME = "time"
    SCREEN = "screen"
    LEAVE = "leave"


class Key(Struct, frozen=True, kw_only=True):
    """One thing that a key does."""

    id: str
    keys: str
    """Textual's names, separated by commas."""
    cap: str
    """What is printed on it, for people."""
    action: str
    title: str
    """For the palette: a few words."""
    text: str
    """For the help: at most 33 characters, so that two columns fit into eighty."""
    group: Group
    short: str = ""
    """For the key line; empty: not shown there."""
    row: str = ""
    """Keys with the same row share a line of the help; empty: a line of its own."""

    def binding(self) -> Binding:
        """
        Return the same for Textual.

        With priority: the app then obeys a key before it looks at the next one. Without, a
        burst of keys (a paste, a slow line) would be handed on before its colon had opened
        the prompt that the rest of the burst is meant for.
        """
        return Binding(
            self.keys, self.action, self.title, id=self.id, show=bool(self.short), priority=True
        )


KEYS: tuple[Key, ...] = (
    Key(id="throttle.up", keys="plus,equals_sign", cap="+", action="step(1)", title="One step up",
        text="one step up, down", group=Group.THROTTLE, short="+/- step", row="step"),
    Key(id="throttle.down", keys="minus", cap="-", action="step(-1)", title="One step down",
        text="one step up, down", group=Group.THROTTLE, row="step"),
    Key(id="throttle.up-big", keys="right_square_bracket", cap="]", action="step(10)",
        title="Ten steps up", text="ten steps up, down", group=Group.THROTTLE, short="]/[ big",
        row="big"),
    Key(id="throttle.down-big", keys="left_square_bracket", cap="[", action="step(-10)",
        title="Ten steps down", text="ten steps up, down", group=Group.THROTTLE, row="big"),
    Key(id="throttle.switch", keys="b", cap="b", action="switch_lever", title="Switch throttle",
        text="the next throttle", group=Group.THROTTLE),
    Key(id="throttle.set", keys="colon", cap=":", action="prompt", title="Exact value or ramp",
        text="exact value or ramp, as below", group=Group.THROTTLE,
        short=": set"),
    Key(id="throttle.hold", keys="space", cap="spc", action="hold", title="Hold the plan or go on",
        text="hold the plan, or go on", group=Group.THROTTLE,
        short="spc hold"),
    Key(id="throttle.undo", keys="u", cap="u", action="undo", title="Undo the last move",
        text="undo, redo the last move", group=Group.THROTTLE, short="u undo", row="undo"),
    Key(id="throttle.redo", keys="U", cap="U", action="redo", title="Redo what was undone",
        text="undo, redo the last move", group=Group.THROTTLE, row="undo"),
    Key(id="throttle.replay", keys="R", cap="R y", action="replay",
        title="Replay: drive again what was driven so far",
        text="replay what was driven so far", group=Group.THROTTLE),
    Key(id="throttle.probe", keys="C", cap="C", action="probe",
        title="Find how much it can take; at work, end it",
        text="find its capacity, or end that", group=Group.THROTTLE),
    Key(id="throttle.panic", keys="exclamation_mark", cap="!", action="panic",
        title="Panic: fall to the safe floor now",
        text="panic: to the safe floor now", group=Group.THROTTLE),
    Key(id="load.pause", keys="p", cap="p", action="pause", title="Pause or resume the load",
        text="pause, resume the load", group=Group.LOAD, short="p pause"),
    Key(id="load.stop", keys="S", cap="S y", action="stop", title="Stop gracefully",
        text="stop gracefully", group=Group.LOAD, short="S stop"),
    Key(id="load.abort", keys="X", cap="X x", action="abort", title="Abort now",
        text="abort at once", group=Group.LOAD),
    Key(id="load.mark", keys="m", cap="m", action="mark", title="Mark this moment with a note",
        text="mark this moment with a note", group=Group.LOAD, short="m mark"),
    Key(id="load.acknowledge", keys="a", cap="a", action="acknowledge",
        title="Acknowledge what fires: quiet until it clears",
        text="alerts: seen; mute the bell", group=Group.LOAD, row="alerts"),
    Key(id="screen.mute", keys="B", cap="B", action="mute", title="Mute the bell, or let it ring",
        text="", group=Group.LOAD, row="alerts"),
    Key(id="database.end", keys="K", cap="K", action="end_backend",
        title="Database: cancel or end the selected session",
        text="database: end selected; its plan", group=Group.LOAD, row="database"),
    Key(id="database.explain", keys="E", cap="E", action="explain",
        title="Database: explain the selected statement", text="", group=Group.LOAD,
        row="database"),
    Key(id="load.control", keys="T", cap="T", action="take_control", title="Take the control",
        text="take the control", group=Group.LOAD),
    Key(id="view.load", keys="1", cap="1", action="view('load')", title="View: load",
        text="load latency endpoint host pg log", group=Group.VIEW, short="1-6 view",
        row="views"),
    Key(id="view.latency", keys="2", cap="2", action="view('latency')", title="View: latency",
        text="", group=Group.VIEW, row="views"),
    Key(id="view.endpoints", keys="3", cap="3", action="view('endpoints')", title="View: endpoints",
        text="", group=Group.VIEW, row="views"),
    Key(id="view.host", keys="4", cap="4", action="view('host')", title="View: host and generator",
        text="", group=Group.VIEW, row="views"),
    Key(id="view.database", keys="5", cap="5", action="view('database')",
        title="View: database; again: its next page", text="", group=Group.VIEW, row="views"),
    Key(id="view.log", keys="6", cap="6", action="view('log')", title="View: log",
        text="", group=Group.VIEW, row="views"),
    Key(id="view.zoom", keys="z", cap="z", action="zoom", title="Zoom the view's subject",
        text="nothing but the view's subject", group=Group.VIEW),
    Key(id="view.next-database", keys="D", cap="D", action="next_database",
        title="View: the next database", text="the next of several databases", group=Group.VIEW),
    Key(id="view.filter", keys="slash", cap="/", action="filter", title="Filter endpoints",
        text="filter endpoints by name", group=Group.VIEW),
    Key(id="view.sort-left", keys="less_than_sign", cap="<", action="sort(-1)",
        title="Sort by the column to the left", text="sort endpoints",
        group=Group.VIEW, row="sort"),
    Key(id="view.sort-right", keys="greater_than_sign", cap=">", action="sort(1)",
        title="Sort by the column to the right", text="", group=Group.VIEW, row="sort"),
    Key(id="view.down", keys="j,down", cap="j", action="select(1)", title="Next endpoint or row",
        text="next, previous endpoint or row", group=Group.VIEW, row="select"),
    Key(id="view.up", keys="k,up", cap="k", action="select(-1)", title="Previous endpoint or row",
        text="", group=Group.VIEW, row="select"),
    Key(id="view.window-shorter", keys="comma", cap=",", action="window(-1)",
        title="Shorter window", text="charts over 1m, 5m, 30m, all", group=Group.VIEW,
        row="window"),
    Key(id="view.window-longer", keys="full_stop", cap=".", action="window(1)",
        title="Longer window", text="", group=Group.VIEW, row="window"),
    Key(id="view.series", keys="s", cap="s", action="series",
        title="A series under the latency chart", text="any number under the latency",
        group=Group.VIEW),
    Key(id="view.why", keys="c", cap="c", action="why",
        title="Correlate: what may explain slow or failing seconds",
        text="why is it slow? profile target", group=Group.VIEW, row="why"),
    Key(id="view.flames", keys="P", cap="P", action="flames",
        title="Profiler: a flame graph of the target, with py-spy", text="", group=Group.VIEW,
        row="why"),
    Key(id="view.snapshot", keys="x", cap="x", action="take_spike",
        title="Snapshot: keep this moment whole", text="keep this moment; open kept ones",
        group=Group.VIEW, row="snapshot"),
    Key(id="view.snapshots", keys="v", cap="v", action="spikes",
        title="Open a snapshot: what was kept whole", text="", group=Group.VIEW, row="snapshot"),
    Key(id="time.past", keys="t", cap="t", action="past", title="Into the past, or back to now",
        text="into the past, and back to now", group=Group.TIME, short="t past"),
    Key(id="time.back", keys="left", cap="←", action="travel(-1)", title="The cursor back in time",
        text="back, forward in time", group=Group.TIME, row="travel"),
    Key(id="time.forward", keys="right", cap="→", action="travel(1)",
        title="The cursor forward in time", text="", group=Group.TIME, row="travel"),
    Key(id="time.page-back", keys="pageup", cap="PgUp", action="travel_page(-1)",
        title="The cursor back by what is shown", text="by a screen; start, newest",
        group=Group.TIME, row="far"),
    Key(id="time.page-forward", keys="pagedown", cap="PgDn", action="travel_page(1)",
        title="The cursor forward by what is shown", text="", group=Group.TIME, row="far"),
    Key(id="time.start", keys="home", cap="Home", action="travel_to(0)",
        title="The cursor to the start", text="", group=Group.TIME, row="far"),
    Key(id="time.end", keys="end", cap="End", action="travel_end",
        title="The cursor to the newest second", text="", group=Group.TIME, row="far"),
    Key(id="time.event-before", keys="left_curly_bracket", cap="{", action="travel_event(-1)",
        title="The event before", text="the event before, after", group=Group.TIME, row="event"),
    Key(id="time.event-after", keys="right_curly_bracket", cap="}", action="travel_event(1)",
        title="The event after", text="", group=Group.TIME, row="event"),
    Key(id="time.worst", keys="w", cap="w", action="travel_worst", title="The slowest minute",
        text="the slowest minute", group=Group.TIME),
    Key(id="time.now", keys="enter,escape", cap="Esc", action="now", title="Back to now",
        text="back to now; so does Enter", group=Group.TIME),
    Key(id="time.clock", keys="l", cap="l", action="clock",
        title="Time axis: local time or run time", text="local time, run time",
        group=Group.TIME),
    Key(id="view.night", keys="n,7", cap="n", action="view('night')",
        title="Night: what happened meanwhile", text="what happened in the night",
        group=Group.TIME, short="n night"),
    Key(id="screen.freeze", keys="f", cap="f", action="freeze", title="Freeze the display",
        text="freeze the display only", group=Group.SCREEN),
    Key(id="screen.copy", keys="y", cap="y", action="copy_screen", title="Copy the screen as text",
        text="copy the screen as text", group=Group.SCREEN),
    Key(id="screen.palette", keys="ctrl+p", cap="^p", action="command_palette",
        title="Command palette", text="all commands by name", group=Group.SCREEN),
    Key(id="screen.redraw", keys="ctrl+l", cap="^l", action="redraw", title="Draw everything anew",
        text="draw everything anew", group=Group.SCREEN),
    Key(id="screen.suspend", keys="ctrl+z", cap="^z", action="suspend_process",
        title="Suspend: back to the shell", text="to the shell; fg comes back",
        group=Group.SCREEN),
    Key(id="screen.help", keys="question_mark", cap="?", action="help", title="Help",
        text="these keys", group=Group.SCREEN),
    Key(id="leave.detach", keys="d", cap="d", action="detach",
        title="Detach: leave, the load goes on", text="detach: the load goes on",
        group=Group.LEAVE, short="d detach"),
    Key(id="leave.quit", keys="q,ctrl+c", cap="q", action="leave", title="Leave",
        text="leave; asks: detach or stop", group=Group.LEAVE, short="q quit"),
)  # fmt: skip


_REPLAY_KEYS: tuple[Key, ...] = (
    Key(id="replay.toggle", keys="space,p", cap="spc", action="toggle_playing",
        title="Play, or stand still", text="play, or stand still", group=Group.REPLAY,
        short="spc play"),
    Key(id="replay.faster", keys="plus,equals_sign", cap="+", action="accelerate(1)",
        title="Play faster", text="play faster, slower", group=Group.REPLAY, short="+/- speed",
        row="speed"),
    Key(id="replay.slower", keys="minus", cap="-", action="accelerate(-1)", title="Play slower",
        text="", group=Group.REPLAY, row="speed"),
    Key(id="replay.on", keys="right_square_bracket", cap="]", action="skip(60)",
        title="One minute on", text="one minute on, back", group=Group.REPLAY, short="]/[ 1m",
        row="skip"),
    Key(id="replay.back", keys="left_square_bracket", cap="[", action="skip(-60)",
        title="One minute back", text="", group=Group.REPLAY, row="skip"),
    Key(id="replay.event-after", keys="m", cap="m", action="skip_to_event(1)",
        title="To the next mark or event", text="to the next mark or event, back",
        group=Group.REPLAY, short="m/M mark", row="event"),
    Key(id="replay.event-before", keys="M", cap="M", action="skip_to_event(-1)",
        title="To the mark or event before", text="", group=Group.REPLAY, row="event"),
    Key(id="replay.seek", keys="colon", cap=":", action="seek",
        title="To a moment: 90, 1:20:00, +5m, end", text="to 90, 1:20:00, -30s, start, end",
        group=Group.REPLAY, short=": go to"),
)  # fmt: skip
"""What keys do while a stored run is played."""

_STEERS = (Group.THROTTLE, Group.LOAD)


def _player_keys() -> Iterator[Key]:
    """Yield the keys of a replay: those that would steer a run say why they do not."""
    taken = {name for key in _REPLAY_KEYS for name in key.keys.split(",")}
    yield from _REPLAY_KEYS
    for key in KEYS:
        if key.id == "screen.mute":
            yield replace(key, text="mute the bell, or let it ring", row="", group=Group.REPLAY)
        elif key.group is Group.LEAVE:
            # It asks nothing: there is no load that could go on.
            short = "q quit" if key.id == "leave.quit" else ""
            yield replace(key, text="leave the replay", row="leave", short=short)
        elif key.group not in _STEERS:
            yield key
        elif taken.isdisjoint(key.keys.split(",")):
            yield replace(key, action="refuse", short="", text="")


PLAYER_KEYS = tuple(_player_keys())

PLAN_DEEDS: tuple[tuple[str, str, str], ...] = (
    ("Skip this stage of the plan", ":skip", "skip_stage"),
    ("Extend this stage of the plan", ":extend 1m", "extend_stage"),
    ("Return to the plan", ":plan", "return_to_plan"),
)
"""What only the palette and the prompt do: title, what the prompt would take, action."""


class HelpRow(Struct, frozen=True, kw_only=True):
    """One line of the help."""

    caps: str
    text: str


def help_rows(
    keymap: Mapping[str, str] | None = None, keys: Sequence[Key] = KEYS
) -> Iterator[tuple[Group, list[HelpRow]]]:
    """Yield each group with its lines; *keymap* holds the user's own keys by id."""
    own = keymap or {}
    shown = (key for key in keys if key.action != "refuse")
    for group, members_of in groupby(shown, key=lambda key: key.group):
        rows = groupby(members_of, key=lambda key: key.row or key.id)
        yield group, [_row(list(members), own) for _, members in rows]


def _row(members: list[Key], keymap: Mapping[str, str]) -> HelpRow:
    caps = [keymap.get(key.id, key.cap) for key in members]
    shown = f"{caps[0]}-{caps[-1]}" if len(caps) > 3 else " ".join(caps)
    return HelpRow(caps=shown, text=members[0].text)


def key_line(keys: Sequence[Key] = KEYS) -> tuple[tuple[str, str], ...]:
    """Return what the key line shows, most needed first: caps and a word for each."""
    # How to leave is needed more than how to look back.
    ranked = sorted(keys, key=lambda key: key.group is Group.TIME)
    pairs = (key.short.split(" ", 1) for key in ranked if key.short)
    return tuple((cap, word) for cap, word in pairs)
