"""The database view: its chart over time, its pages, and what a hostile text does to them."""

from msgspec.structs import replace

from vumeter.model.database import SessionGroup, Waiter
from vumeter.model.probes import PostgresReading, PostgresState
from vumeter.testing.story import story
from vumeter.tui.glyphs import GlyphSet
from vumeter.tui.terminal import DEFAULT_LOOK, ColourDepth, Ink, Terminal, look_for
from vumeter.tui.wait_track import WaitTrack
from vumeter.tui.widgets.database_rows import PAGES, now_rows, page_rows, statement_rows, table_rows
from vumeter.tui.widgets.wait_chart import wait_lines

HOSTILE = "\x1b[2J\u202e[bold]\x00\u200b"
PLAIN_LOOK = look_for(Terminal(depth=ColourDepth.NONE, glyphs=GlyphSet.ASCII))


def _jammed() -> PostgresReading:
    reading = story(120).frames[-1].postgres
    assert reading is not None
    return reading


def _texts(page: str, reading: PostgresReading, *, width: int = 79) -> list[str]:
    rows = page_rows(page, reading, requests_per_s=100.0, width=width, look=DEFAULT_LOOK)
    return [row.line.text for row in rows]


def test_who_blocks_stands_above_those_that_wait_for_it_and_nobody_is_named_twice() -> None:
    rows = now_rows(_jammed(), width=120, look=DEFAULT_LOOK)
    root, first, second, *_ = (row.line.text for row in rows)
    assert root.startswith(" 811     blocks 38 ")
    assert "← 830" in first and "ShareLock on transactionid of stock" in first
    assert "← 831" in second
    pids = [row.pid for row in rows if row.pid is not None]
    assert len(pids) == len(set(pids))
    assert any("34 more wait behind it" in row.line.text for row in rows)


def test_a_ring_of_waiters_has_no_root_and_is_shown_all_the_same() -> None:
    def waiter(pid: int, other: int) -> Waiter:
        return Waiter(
            pid=pid,
            blocked_by=(other,),
            wait_s=0.4,
            lock="ShareLock on transactionid",
            relation="orders",
            user="shop",
            application="",
            statement="UPDATE orders SET n = 1",
        )

    ring = replace(_jammed(), blockers=(), waiters=(waiter(1, 2), waiter(2, 1)))
    assert [text[:6] for text in _texts("now", ring)[:2]] == ["  ← 1 ", "  ← 2 "]


def test_a_pool_of_which_no_session_idles_is_marked() -> None:
    usual = SessionGroup(
        user="shop", application="web", client="", sessions=8, active=5, idle_in_transaction=0
    )
    full = replace(usual, application="jobs", active=7)
    alone = replace(usual, application="cron", sessions=1, active=1)
    rows = _texts("sessions", replace(_jammed(), groups=(usual, full, alone)))
    assert [row.endswith("! none idles") for row in rows[1:4]] == [False, True, False]
    assert "shop jobs local" in rows[2]


def test_what_is_long_or_idle_asks_for_attention() -> None:
    idle = replace(_jammed().idle_in_transaction[0], age_s=61.0)
    reading = replace(_jammed(), blockers=(), waiters=(), idle_in_transaction=(idle,))
    row = now_rows(reading, width=79, look=DEFAULT_LOOK)[0]
    assert row.line.text.startswith(" 811      1m01s idle in tx")
    assert any("1m01s idle" in text and ink is Ink.WARN for text, ink in row.line.spans)


def test_calls_for_each_request_are_the_rates_of_both_and_many_ask_for_attention() -> None:
    rows = statement_rows(_jammed(), requests_per_s=700.0, width=79, look=DEFAULT_LOOK)
    prices = next(row for row in rows if "FROM prices" in row.line.text)
    assert prices.statement is not None
    # 2,100 calls a second of 700 requests.
    assert prices.statement.calls == 21_000
    assert ("  3.00", Ink.WARN) in prices.line.spans


def test_without_the_extension_the_page_says_what_to_do() -> None:
    remark = "pg_stat_statements is not in this database → CREATE EXTENSION pg_stat_statements"
    reading = replace(_jammed(), statements=(), statements_span_s=None, statements_remark=remark)
    assert _texts("statements", reading, width=119) == [f" {remark}"]


def test_a_big_table_that_is_read_from_end_to_end_is_pointed_at() -> None:
    texts = [row.line.text for row in table_rows(_jammed(), width=79, look=DEFAULT_LOOK)]
    assert any("public.ticks  ! scanned whole" in text for text in texts)
    assert any("never used: stock_note_idx" in text for text in texts)


def test_pages_of_a_run_that_knew_no_details_say_so_and_claim_nothing() -> None:
    bare = PostgresReading(state=PostgresState.UP, connections_used=3, connections_max=100)
    assert _texts("now", bare) == [" what the sessions do is not known"]
    assert _texts("sessions", bare) == [" sessions are hidden from the probe"]
    assert _texts("statements", bare) == [" waiting for a second look"]
    assert _texts("tables", bare) == []


def test_hostile_texts_reach_no_page_as_they_are() -> None:
    reading = _jammed()
    hostile = replace(
        reading,
        blockers=tuple(replace(it, application=HOSTILE) for it in reading.blockers),
        waiters=tuple(replace(it, relation=HOSTILE, lock=HOSTILE) for it in reading.waiters),
        running=tuple(replace(it, statement=HOSTILE, wait=HOSTILE) for it in reading.running),
        groups=tuple(replace(it, user=HOSTILE, client=HOSTILE) for it in reading.groups),
        statements=tuple(replace(it, text=HOSTILE) for it in reading.statements),
        tables=tuple(replace(it, name=HOSTILE) for it in reading.tables),
        statements_remark=HOSTILE,
    )
    for page in PAGES:
        for text in _texts(page, hostile, width=139):
            assert "\x1b" not in text and "\u202e" not in text and "\x00" not in text
    assert any("[bold]" in text for text in _texts("statements", hostile)), "it is no markup"


def test_a_column_is_stacked_in_one_order_and_ends_where_its_sum_does() -> None:
    columns = ({"Lock": 4.0, "CPU": 2.0}, None, {"CPU": 1.0, "IO": 1.0})
    picture = wait_lines(columns, cores=None, height=8, look=PLAIN_LOOK)
    stacks = ["".join(row[x][0] for row in reversed(picture)).rstrip() for x in range(3)]
    # The scale ends at 6, so a cell is three quarters of a session.
    assert stacks[0] == "###LLLLL"
    assert stacks[1] == ""
    assert stacks[2].startswith("#I")


def test_the_line_of_the_processors_is_where_the_scale_has_them() -> None:
    picture = wait_lines(({"CPU": 1.0}, None), cores=4, height=5, look=DEFAULT_LOOK)
    lines = [y for y, row in enumerate(picture) if row[1][1] is Ink.TARGET]
    # Four of the scale's five sessions: the top cell begins there.
    assert lines == [0]


def test_of_the_seconds_of_a_column_the_busiest_is_drawn() -> None:
    track = WaitTrack()
    frames = story(120).frames
    for frame in frames:
        track.add(frame)
    worst, _ = track.worst(100, columns=2, seconds=8)
    sums = [
        sum(frame.postgres.active_by_wait.values())
        for frame in frames
        if 100 <= frame.second < 108 and frame.postgres and frame.postgres.active_by_wait
    ]
    assert worst is not None and sum(worst.values()) == max(sums)
    # Also where a column has more seconds than are known, and where none is known.
    before, whole = track.worst(-100_000, columns=2, seconds=100_000)
    everything = [frame.postgres for frame in frames if frame.second >= 0]
    assert before is None and whole is not None
    assert sum(whole.values()) == max(
        sum(each.active_by_wait.values()) for each in everything if each and each.active_by_wait
    )
