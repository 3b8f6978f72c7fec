"""A forecast as tables: for a terminal and for Markdown alike, each number with its place in it."""

from collections.abc import Callable, Iterable, Iterator

from vumeter.model.metric import Unit
from vumeter.report.forecast.schema import Capacity, Forecast, LoadUnit, Need, TypeCost
from vumeter.report.numbers import money_text
from vumeter.report.tables import NOT_MEASURED, Cell, Table
from vumeter.stats.costs import Mix
from vumeter.stats.plaintext import plain
from vumeter.thresholds.amounts import amount_text
from vumeter.units import duration_text

Row = tuple[Cell, ...]


def title(it: Forecast) -> str:
    """Return what *it* is about, in a line."""
    load = load_text(it.load, it.capacity.unit)
    return f"Forecast for {load} at {percent_text(it.utilisation_ratio)} utilisation"


def tables(it: Forecast) -> tuple[Table, ...]:
    """Return the tables of *it* that there is something in, in the order of reading."""
    found = (_capacity(it), _now(it), _months(it), _prices(it), _shape(it), _mixes(it))
    return tuple(table for table in found if table.rows)


def load_text(load: float, unit: LoadUnit) -> str:
    """
    Return *load* with its unit, to three digits or whole.

    >>> load_text(4000.4, LoadUnit.PER_S), load_text(0.25, LoadUnit.PER_S)
    ('4,000/s', '0.25/s')
    >>> load_text(12_000, LoadUnit.USERS)
    '12,000 users'
    """
    number = f"{load:,.0f}" if load >= 100 else f"{load:.3g}"
    return f"{number} users" if unit is LoadUnit.USERS else f"{number}/s"


def months_text(months: float) -> str:
    """
    Return a number of months, to a tenth below a year.

    >>> months_text(4.22), months_text(30.8)
    ('4.2 months', '31 months')
    """
    return f"{months:.1f} months" if months < 12 else f"{months:.0f} months"


def percent_text(ratio: float) -> str:
    """
    Return a share in percent, to three digits at most.

    >>> percent_text(0.7), percent_text(0.0833)
    ('70%', '8.33%')
    """
    return amount_text(ratio, Unit.RATIO)


def figure(path: str, value: float | None, text: Callable[[float], str]) -> Cell:
    """Return the cell of the number at *path* of the answer, which is *value*."""
    if value is None:
        return Cell(text=NOT_MEASURED)
    return Cell(text=text(value), path=path, value=repr(value))


def facts(key: str, title: str, rows: Iterable[tuple[str, Cell]]) -> Table:
    """Return labels and figures as a table; those that nobody knows are left out."""
    known = ((Cell(text=label), cell) for label, cell in rows if cell.text != NOT_MEASURED)
    return Table(key=key, title=title, columns=(), rows=tuple(known))


def _growth_text(ratio: float) -> str:
    return f"{ratio * 100:+.3g}% a month"


class _Cells:
    """Makes the cells of one forecast's numbers, each by what it is."""

    def __init__(self, it: Forecast) -> None:
        self._unit = it.capacity.unit
        self._currency = it.currency

    def load(self, path: str, value: float | None) -> Cell:
        return figure(path, value, lambda load: load_text(load, self._unit))

    def count(self, path: str, value: float | None) -> Cell:
        return figure(path, value, lambda count: f"{count:,.0f}")

    def money(self, path: str, value: float | None) -> Cell:
        return figure(path, value, lambda amount: money_text(amount, self._currency))

    def share(self, path: str, value: float | None) -> Cell:
        return figure(path, value, percent_text)

    def months(self, path: str, value: float | None) -> Cell:
        return figure(path, value, months_text)

    def ms(self, path: str, value: float | None) -> Cell:
        return figure(path, value, lambda ms: amount_text(ms, Unit.MS))

    def factor(self, path: str, value: float | None) -> Cell:
        return figure(path, value, lambda factor: f"{factor:.3g}")


def _capacity(it: Forecast) -> Table:
    cells, own = _Cells(it), it.capacity
    return facts("capacity", "Capacity of one instance", _capacity_facts(cells, own))


def _capacity_facts(cells: _Cells, own: Capacity) -> Iterator[tuple[str, Cell]]:
    yield "by", Cell(text=plain(own.source))
    yield "at least" if own.is_lower_bound else "bears", cells.load("capacity.load", own.load)
    if own.low != own.high:
        yield "low end", cells.load("capacity.low", own.low)
        yield "high end", cells.load("capacity.high", own.high)
    if own.sigma or own.kappa:
        yield "contention σ", cells.factor("capacity.sigma", own.sigma)
        yield "coherency κ", cells.factor("capacity.kappa", own.kappa)
        yield "R² of the law", cells.factor("capacity.r_squared", own.r_squared)


def _now(it: Forecast) -> Table:
    return facts("now", "Now", _now_facts(_Cells(it), it))


def _now_facts(cells: _Cells, it: Forecast) -> Iterator[tuple[str, Cell]]:
    yield "users", cells.count("users", it.users)
    yield "load at its peak", cells.load("load", it.load)
    yield "planned utilisation", cells.share("utilisation_ratio", it.utilisation_ratio)
    yield "spare instances", cells.count("spare", it.spare)
    yield "instances needed", cells.count("now.instances", it.now.instances)
    if it.capacity.low != it.capacity.high:
        yield "at the least", cells.count("now.instances_least", it.now.instances_least)
        yield "at the most", cells.count("now.instances_most", it.now.instances_most)
    if it.room is None:
        return
    room = it.room
    yield "instances that there are", cells.count("room.instances", room.instances)
    yield "utilisation", cells.share("room.utilisation_ratio", room.utilisation_ratio)
    if it.capacity.sigma or it.capacity.kappa:
        yield "efficiency", cells.share("room.efficiency_ratio", room.efficiency_ratio)
    yield "p95 at that", cells.ms("room.p95_ms", room.p95_ms)
    yield "× slower than idle (M/M/1)", cells.factor("room.queue_factor", room.queue_factor)
    yield (
        "utilisation, one lost",
        cells.share("room.utilisation_one_lost_ratio", room.utilisation_one_lost_ratio),
    )
    yield "p95 at that, one lost", cells.ms("room.p95_one_lost_ms", room.p95_one_lost_ms)
    if it.growth_per_month_ratio:
        growth = it.growth_per_month_ratio
        yield "growth", figure("growth_per_month_ratio", growth, _growth_text)
        yield "they suffice for", cells.months("room.months_left", room.months_left)
        if room.months_left_least != room.months_left_most:
            least, most = room.months_left_least, room.months_left_most
            yield "… at the least", cells.months("room.months_left_least", least)
            yield "… at the most", cells.months("room.months_left_most", most)
        yield "they are full in", cells.months("room.months_until_full", room.months_until_full)


def _months(it: Forecast) -> Table:
    cells = _Cells(it)
    has_range = it.capacity.low != it.capacity.high
    columns = ["month", "load", "instances", *(("least", "most") if has_range else ())]
    columns += [f"{plain(each.name)}, a month" for each in it.costs]
    rows = (
        (*_month(cells, f"months.{at}", need, has_range), *_paid(cells, it.costs, need.month))
        for at, need in enumerate(it.months)
    )
    return Table(key="months", title="Month by month", columns=tuple(columns), rows=tuple(rows))


def _month(cells: _Cells, path: str, need: Need, has_range: bool) -> Iterator[Cell]:
    yield cells.count(f"{path}.month", need.month)
    yield cells.load(f"{path}.load", need.load)
    yield cells.count(f"{path}.instances", need.instances)
    if has_range:
        yield cells.count(f"{path}.instances_least", need.instances_least)
        yield cells.count(f"{path}.instances_most", need.instances_most)


def _paid(cells: _Cells, costs: Iterable[TypeCost], month: int) -> Iterator[Cell]:
    for at, each in enumerate(costs):
        yield cells.money(f"costs.{at}.months.{month}", each.months[month])


_COLUMNS = {
    "on_demand_per_month": "on demand",
    "on_demand_per_month_least": "least",
    "on_demand_per_month_most": "most",
    "reserved_per_month": "reserved",
    "spot_per_month": "spot",
    "per_million": "per million",
}


def _prices(it: Forecast) -> Table:
    """Return what all instances cost now; columns that nobody has anything for are left out."""
    cells = _Cells(it)
    known = [field for field in _COLUMNS if any(_of(each, field) is not None for each in it.costs)]
    if it.capacity.low == it.capacity.high:
        known = [field for field in known if not field.endswith(("least", "most"))]
    rows = (
        (
            Cell(text=plain(each.name)),
            cells.count(f"costs.{at}.instances", each.instances),
            *(cells.money(f"costs.{at}.{field}", _of(each, field)) for field in known),
            cells.share(f"costs.{at}.break_even_ratio", each.break_even_ratio),
        )
        for at, each in enumerate(it.costs)
    )
    columns = ("instance", "number", *(_COLUMNS[field] for field in known), "reserved pays from")
    return Table(key="prices", title="Cost of a month of 730 h", columns=columns, rows=tuple(rows))


def _of(cost: TypeCost, field: str) -> float | None:
    value: float | None = getattr(cost, field)
    return value


def _shape(it: Forecast) -> Table:
    if it.advice is None:
        return Table(key="shape", title="", columns=(), rows=())
    cells, own = _Cells(it), it.advice.shape
    path = "advice.shape"
    rows = {
        "it is": Cell(text=own.kind.value),
        "peak / mean": cells.factor(f"{path}.peak_to_mean", own.peak_to_mean),
        "time above the mean": cells.share(f"{path}.above_mean_ratio", own.above_mean_ratio),
        "time next to idle": cells.share(f"{path}.idle_ratio", own.idle_ratio),
        "seen for": figure(f"{path}.hours", own.hours, lambda it: duration_text(it * 3600)),
        "suits": Cell(text=it.advice.hint.value),
        "because": Cell(text=it.advice.why),
    }
    return facts("shape", "The load over time (rule of thumb)", rows.items())


def _mixes(it: Forecast) -> Table:
    cells = _Cells(it)
    rows: list[Row] = []
    for at, each in enumerate(it.costs):
        if each.scaled_per_month is not None:
            path = f"costs.{at}"
            row = (
                Cell(text=plain(each.name)),
                cells.money(f"{path}.scaled_per_month", each.scaled_per_month),
            )
            rows.append((*row, *_mix(cells, f"{path}.mix", each.mix)))
    columns = ("instance", "scaled, on demand", "reserve", "hours beyond", "a month, mixed")
    title = "With as many instances as the load takes at any time"
    return Table(key="mixes", title=title, columns=columns, rows=tuple(rows))


def _mix(cells: _Cells, path: str, mix: Mix | None) -> Iterator[Cell]:
    if mix is None:
        yield from (Cell(text=NOT_MEASURED) for _ in range(3))
        return
    yield cells.count(f"{path}.reserved", mix.reserved)
    yield cells.count(f"{path}.on_demand_hours", mix.on_demand_hours)
    yield cells.money(f"{path}.per_month", mix.per_month)
