"""The cockpit's model: what its rows and panels say, made from Figures and the year's evaluation.

Pure: figures and the clock come in, nothing is read here. Charts are in charts, words in words.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from xietong.calc.figures import Figure, missing_figure
from xietong.calc.judgement.grade import Judged, better_of
from xietong.periods import Period
from xietong.texts import Language, Text
from xietong.wording.charts import (
    Bullet,
    Months,
    Option,
    Sparkline,
    bullet,
    chart_table,
    month_names,
    months_chart,
    sparkline,
    values,
)

LEAST_MOVE = 0.005
Source = Callable[[Period], Mapping[str, Figure]]


@dataclass(frozen=True, slots=True)
class PanelPlan:
    """One column: what it is of, the intensity that has the target, and the amounts whose months it draws by colour."""

    css: str
    title: Text
    judged: str
    amounts: tuple[tuple[str, str], ...]


PANELS: tuple[PanelPlan, ...] = (
    PanelPlan(
        "energy",
        Text("能源", "Energy"),
        "energy_per_output_value",
        (("energy", "comprehensive_energy_consumption"),),
    ),
    PanelPlan("carbon", Text("碳", "Carbon"), "carbon_emission_intensity", (("carbon", "carbon_emission_total"),)),
    PanelPlan(
        "pollutants",
        Text("污染物", "Pollutants"),
        "pollutant_emission_intensity",
        (("air", "nox_emission"), ("water", "cod_emission")),
    ),
)


@dataclass(frozen=True, slots=True)
class Year:
    """The figures of one subject over a year: the whole, up to date, and by month, beside the year before."""

    year: int
    span: Period
    whole: Mapping[str, Figure]
    before: Mapping[str, Figure]
    months: tuple[Mapping[str, Figure] | None, ...]
    months_before: tuple[Mapping[str, Figure] | None, ...]

    @property
    def months_gone(self) -> int:
        """How many months of the year the span holds."""
        return self.span.month_count

    @property
    def is_over(self) -> bool:
        """Whether the span is the whole year."""
        return self.months_gone == 12

    def figure(self, key: str) -> Figure:
        """The year's figure, or a missing one that says so."""
        return self.whole.get(key) or _not_computed(key)

    def months_of(self, key: str) -> Months:
        """This year's months; None for those yet to come."""
        return [None if month is None else month.get(key) for month in self.months]

    def months_before_of(self, key: str) -> Months:
        """Last year's months."""
        return [None if month is None else month.get(key) for month in self.months_before]


def _not_computed(key: str) -> Figure:
    return missing_figure(key, "", Text("此主体没有这一指标。", "This subject has no such figure."))


def span_of(year: int, now: datetime) -> Period:
    """The part of the year that is over: the whole of it, or its whole months so far (at least January)."""
    if now.year != year:
        return Period.year(year)
    last = max(1, now.month - 1)
    return Period(Period.month(year, 1).start, Period.month(year, last).end)


def gather(source: Source, year: int, now: datetime) -> Year:
    """Everything the cockpit shows of one subject and year; now is park time without a zone."""
    span = span_of(year, now)
    none: list[Mapping[str, Figure] | None] = [None] * (12 - span.month_count)
    months = [source(month) for month in span.months()]
    whole, before = source(span), source(span.previous_year())
    return Year(
        year,
        span,
        whole=whole,
        before=before,
        months=(*months, *none),
        months_before=_months_before(source, year, before),
    )


def _months_before(source: Source, year: int, before: Mapping[str, Figure]) -> tuple[Mapping[str, Figure] | None, ...]:
    """Last year month by month, not asked for where the whole of it has nothing."""
    if all(figure.value is None for figure in before.values()):
        return (None,) * 12
    return tuple(source(month) for month in Period.year(year - 1).months())


@dataclass(frozen=True, slots=True)
class Change:
    """同比: the relative change on the same span of the year before; whole where both sides are complete."""

    ratio: float
    whole: bool


def year_on_year(year: Year, key: str) -> Change | None:
    """The change of one figure; None where either year has no value, or last year's is zero."""
    now, before = year.whole.get(key), year.before.get(key)
    if now is None or before is None or now.value is None or not before.value:
        return None
    return Change(now.value / before.value - 1, {now.status, before.status} == {"ok"})


@dataclass(frozen=True, slots=True)
class AmountMonths:
    """The months of one amount as a chart with last year's ghost and its table twin."""

    css: str
    amount: Figure
    change: Change | None
    projection: float | None
    option: Option
    twin: list[dict[str, object]]
    has_last_year: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """One column's content: the judged figure with its bullet, and the amounts behind it month by month."""

    plan: PanelPlan
    judged: Figure
    goal: Judged | None
    bar: Bullet | None
    change: Change | None
    amounts: tuple[AmountMonths, ...]


def panel(plan: PanelPlan, year: Year, goals: Mapping[str, Judged], language: Language) -> Panel:
    """Fill one column."""
    figure = year.figure(plan.judged)
    goal = goals.get(plan.judged)
    bar = bullet(figure.value, goal.target if goal else None, goal.basic if goal else None)
    amounts = tuple(amount_months(key, css, year, language) for css, key in plan.amounts)
    return Panel(plan, figure, goal=goal, bar=bar, change=year_on_year(year, plan.judged), amounts=amounts)


def amount_months(key: str, css: str, year: Year, language: Language) -> AmountMonths:
    """Chart the months of one amount."""
    this, last, amount = year.months_of(key), year.months_before_of(key), year.figure(key)
    return AmountMonths(
        css=css,
        amount=amount,
        change=year_on_year(year, key),
        projection=_projection(year, amount),
        option=months_chart(this, last, amount.unit, f"--{css}", language),
        twin=chart_table({"this": values(this), "last": values(last)}, month_names(language)),
        has_last_year=any(value is not None for value in values(last)),
    )


def _projection(year: Year, amount: Figure) -> float | None:
    """The year's amount if the months left run like the months gone; None once the year is over."""
    if year.is_over or amount.value is None or not year.months_gone:
        return None
    return amount.value / year.months_gone * 12


@dataclass(frozen=True, slots=True)
class Row:
    """One line of tables 1 to 5; judged is None where no target was set."""

    key: str
    figure: Figure
    judged: Judged | None
    state: str
    change: Change | None
    spark: Sparkline | None


def row(key: str, year: Year, goals: Mapping[str, Judged]) -> Row:
    """Fill one line; state is met, basic, short, missed (short of the target, no basic value), unset or none."""
    figure = year.figure(key)
    judged = goals.get(key)
    spark = sparkline(year.months_of(key), year.months_before_of(key))
    return Row(key, figure, judged=judged, state=state_of(figure, judged), change=year_on_year(year, key), spark=spark)


def state_of(figure: Figure, judged: Judged | None) -> str:
    """How a figure stands to its target, as calc.grade judged it."""
    if figure.value is None:
        return "none"
    if judged is None:
        return "unset"
    if judged.meets_target is None:
        return "undecided"
    if judged.meets_target:
        return "met"
    if judged.meets_basic:
        return "basic"
    return "missed" if judged.basic is None else "short"


@dataclass(frozen=True, slots=True)
class Mover:
    """A figure that changed against last year; gain > 0 is for the better."""

    figure: Figure
    change: Change
    gain: float


def movers(year: Year, keys: Iterable[str], most: int = 3) -> tuple[list[Mover], list[Mover]]:
    """The figures that moved most for the better and for the worse, at least half a per cent."""
    found = []
    for key in dict.fromkeys(keys):
        change = year_on_year(year, key)
        if change is not None and abs(change.ratio) >= LEAST_MOVE:
            gain = change.ratio if better_of(key) == "higher" else -change.ratio
            found.append(Mover(year.figure(key), change, gain))
    ranked = sorted(found, key=lambda mover: mover.gain, reverse=True)
    better = [mover for mover in ranked if mover.gain > 0][:most]
    return better, [mover for mover in reversed(ranked) if mover.gain < 0][:most]
