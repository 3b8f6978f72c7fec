"""The HTML report in a real browser: it draws, it responds, and it wants nothing from anywhere."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.report.browser import CHROMIUM, Browser, browser

from vumeter.model.frame import Event, EventLevel
from vumeter.model.measure import Reading
from vumeter.report.page.html import page_bytes
from vumeter.report.page.stored import page_of
from vumeter.testing.seconds import MadeUpRun
from vumeter.testing.stored import store_run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here (Debian: chromium)"),
]

HOSTILE = (
    "</script><script>window.broken = 1</script><img src=http://127.0.0.1:9/x onerror=broken()>"
)


def readings() -> Iterator[Reading]:
    run = MadeUpRun(endpoints=3, requests=20)
    for second in range(60):
        reading = run.reading(second)
        if 20 <= second < 25:
            yield replace(reading, tallies={})
            continue
        tallies = dict(reading.tallies)
        tallies[HOSTILE] = tallies.pop("GET /endpoint/2")
        yield replace(reading, tallies=tallies)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    mark = Event(
        serial=1,
        second=30.0,
        at_unix_ms=0,
        level=EventLevel.MARK,
        author="ann",
        text=HOSTILE,
        label=HOSTILE,
    )
    with store_run(folder / "run.sqlite", readings(), events=[mark]) as stored:
        (folder / "report.html").write_bytes(page_bytes(page_of(stored, stored.so_far(None))))
    return folder / "report.html"


@pytest.fixture
async def opened(page: Path) -> AsyncIterator[Browser]:
    async with browser() as it:
        await it.open(page)
        yield it


async def test_the_page_draws_responds_and_asks_nobody_for_anything(
    opened: Browser, page: Path
) -> None:
    figures = await opened.value("document.querySelectorAll('figure').length")
    drawn = await opened.value("document.querySelectorAll('figure .plot svg').length")
    assert figures == drawn > 10
    # A gap is a gap: the line of p50 has two parts.
    path = "document.querySelector('figure[data-chart=latency] path[data-line=p50]')"
    assert (await opened.value(f"{path}.getAttribute('d')")).count("M") == 2

    # The cursor of one chart is on all of them, with the values there.
    box = "document.querySelector('figure[data-chart=latency] .plot').getBoundingClientRect()"
    left, top, width = [await opened.value(f"{box}.{side}") for side in ("left", "top", "width")]
    await opened.mouse("mouseMoved", left + 300, top + 50)
    caption = "document.querySelector('figure[data-chart={}] figcaption').textContent"
    assert " ms" in await opened.value(caption.format("latency"))
    assert "/s" in await opened.value(caption.format("rate"))

    # A span is dragged over, and all charts show it alone.
    await opened.mouse("mousePressed", left + 300, top + 50)
    await opened.mouse("mouseMoved", left + 500, top + 50)
    await opened.mouse("mouseReleased", left + 500, top + 50)
    assert await opened.value("document.getElementById('unzoom').hidden") is False
    assert "00:00:00" not in await opened.value(
        "document.querySelector('figure[data-chart=rate] svg').textContent"
    )
    await opened.value("document.getElementById('unzoom').click()")

    # Lines are left out, lanes are chosen, scales and colours change.
    hidden = "document.querySelectorAll('figure[data-chart=latency] path[data-line]').length"
    assert await opened.value(hidden) == 5
    await opened.value("document.querySelector('figure[data-chart=latency] button').click()")
    assert await opened.value(hidden) == 4
    for control in ("scale", "theme"):
        await opened.value(f"document.getElementById('{control}').click()")
    await opened.value(
        "(() => { const lane = document.getElementById('lane'); lane.selectedIndex = 1;"
        " lane.dispatchEvent(new Event('change')); })()"
    )
    await opened.value("document.querySelector('table.sortable th:nth-child(7) button').click()")
    column = (
        "[...document.querySelectorAll('table.sortable tbody tr')]"
        ".map((row) => Number(row.cells[6].querySelector('data').value))"
    )
    sorted_ms = await opened.value(column)
    assert len(sorted_ms) == 3 and sorted_ms == sorted(sorted_ms, reverse=True)

    assert await opened.value("typeof window.broken") == "undefined"
    first = "document.querySelectorAll('table.sortable td:first-child')"
    names = f"[...{first}].map((it) => it.textContent)"
    assert HOSTILE in await opened.value(names)
    assert opened.complaints == []
    assert set(opened.asked_for) == {page.as_uri()}
    assert width > 1000


async def test_printed_it_is_on_white_with_every_table_and_without_controls(
    opened: Browser,
) -> None:
    await opened.call("Emulation.setEmulatedMedia", media="print")
    style = "getComputedStyle(document.querySelector('{}')).{}"
    assert await opened.value(style.format("nav", "display")) == "none"
    assert await opened.value(style.format("body", "backgroundColor")) == "rgb(255, 255, 255)"
    printed = await opened.call("Page.printToPDF")
    assert len(printed["data"]) > 50_000


async def test_it_is_dark_where_people_want_it_dark(opened: Browser) -> None:
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    await opened.call("Emulation.setEmulatedMedia", features=features)
    await opened.until("document.documentElement.dataset.theme === 'dark'")
    background = await opened.value("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(20, 23, 27)"


async def test_a_run_in_which_nothing_happened_is_a_page_too(tmp_path: Path) -> None:
    with store_run(tmp_path / "run.sqlite", ()) as stored:
        content = page_bytes(page_of(stored, stored.so_far(None)))
    (tmp_path / "report.html").write_bytes(content)
    async with browser() as it:
        await it.open(tmp_path / "report.html")
        assert await it.value("document.querySelectorAll('figure .plot svg').length") > 5
        await it.value("document.getElementById('scale').click()")
        assert it.complaints == []
