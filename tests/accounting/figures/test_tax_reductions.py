"""The reductions of art. 13: by which means, against which limits, and whose an exceedance ends."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from small_parks import ZONE, HoursLake, hours_of, park, point, subject

from xietong.accounting import explain
from xietong.calc.figures import Figure
from xietong.park.nouns import Limit, Point, Registry, Shape
from xietong.periods import Period

JANUARY = Period.parse("2025-01")
Hours = dict[datetime, str]


def days_of(*days: tuple[int, Mapping[int, str]]) -> Hours:
    """Hours of January by day and hour."""
    return {datetime(2025, 1, day, hour, tzinfo=ZONE): value for day, values in days for hour, value in values.items()}


def limit(outlet: str, item: str, value: str, averaging: str, unit: str = "mg/m3") -> Limit:
    return Limit(outlet, item, "concentration", Decimal(value), unit, averaging)


def tax(registry: Registry, lake: HoursLake, code: str = "A", period: Period = JANUARY) -> Figure:
    return explain(registry, lake, "environmental_tax", code, period)


def cod_outlet(values: Hours, *limits: Limit, shape: Shape = "mean") -> Figure:
    """100 m3/h of wastewater in the hours with a value, COD at O1."""
    points: tuple[Point, ...] = (point("C", "O1", "cod", "mg/L", shape), point("Q", "O1", "wastewater", "m3"))
    registry = park(
        subject("A"), subject("O1", "outlet", "A", discharges_to="environment"), points=points, limits=limits
    )
    return tax(registry, HoursLake({"C": values, "Q": dict.fromkeys(values, "100")}))


# 16 days of 24 hours at 20, 15 days of two hours at 36: the mean of days is (16 × 20 + 15 × 36) ÷ 31 = 27.742, 44.5 %
# below 50; the hours alone would be 22.63 and more than half below. 876 kg × 1.4 × 0.75 = 919.80.
SHORT_DAYS = days_of(
    *((day, dict.fromkeys(range(24), "20")) for day in range(1, 17)),
    *((day, dict.fromkeys(range(2), "36")) for day in range(17, 32)),
)
# Six hours of one day at 60 and eighteen at 20: the day's mean is 30 and keeps 50, hours do not.
ONE_DAY_OF_PEAKS = hours_of("2025-01", "20") | days_of((5, dict.fromkeys(range(6), "60")))


@pytest.mark.parametrize("averaging", ["", "hour", "day"])
def test_water_goes_by_the_means_of_days_whatever_the_limit_averages(averaging: str) -> None:
    found = cod_outlet(SHORT_DAYS, limit("O1", "cod", "50", averaging, "mg/L"))
    assert found.value == pytest.approx(919.80)
    kilograms = (738 * 20 + 6 * 60) * 100 / 1000
    above_for_hours = cod_outlet(ONE_DAY_OF_PEAKS, limit("O1", "cod", "50", averaging, "mg/L"))
    assert above_for_hours.value == pytest.approx(kilograms * 1.4 * 0.5)


@pytest.mark.parametrize(("days", "kilograms", "payable"), [(24, 24 * 48, 0.5), (23, 23 * 48, 1.0)])
def test_water_needs_three_quarters_of_the_days_of_a_month(days: int, kilograms: int, payable: float) -> None:
    """48 kg a day at 40 % of the limit: 24 of 31 days are 77 %, 23 are 74 %."""
    values = days_of(*((day, dict.fromkeys(range(24), "20")) for day in range(1, days + 1)))
    found = cod_outlet(values, limit("O1", "cod", "50", "day", "mg/L"))
    assert found.value == pytest.approx(kilograms * 1.4 * payable)


def test_a_day_of_water_above_its_limit_ends_the_reduction() -> None:
    values = hours_of("2025-01", "20") | days_of((5, dict.fromkeys(range(24), "51")))
    found = cod_outlet(values, limit("O1", "cod", "50", "hour", "mg/L"))
    assert found.value == pytest.approx((720 * 20 + 24 * 51) / 10 * 1.4)


def test_samples_count_one_by_one() -> None:
    """Two samples of one day at 60 and 30 have a mean below 50, but one of them was above it (art. 10, 每次监测)."""
    values = days_of((5, {8: "60", 16: "30"}), (6, {8: "10"}))
    found = cod_outlet(values, limit("O1", "cod", "50", "", "mg/L"), shape="sample")
    assert found.value == pytest.approx((60 + 30 + 10) / 10 * 1.4)
    clean = days_of((5, {8: "30", 16: "10"}), (6, {8: "40"}))  # mean of samples 26.67; of days it would be 30
    found = cod_outlet(clean, limit("O1", "cod", "55", "", "mg/L"), shape="sample")
    assert found.value == pytest.approx(80 / 10 * 1.4 * 0.5)


def test_of_two_limits_water_has_that_of_days_and_gas_that_of_hours() -> None:
    both = (limit("O1", "cod", "40", "hour", "mg/L"), limit("O1", "cod", "30", "day", "mg/L"))
    values = hours_of("2025-01", "20")
    assert cod_outlet(values, *both).value == pytest.approx(744 * 2 * 1.4 * 0.75)
    gas = (limit("O1", "so2", "40", "hour"), limit("O1", "so2", "30", "day"))
    assert so2_outlet(values, *gas).value == pytest.approx(744 * 20 / 0.95 * 1.2 * 0.5)


def so2_outlet(values: Hours, *limits: Limit) -> Figure:
    points = (point("C", "O1", "so2", "mg/m3", "mean"), point("Q", "O1", "waste_gas", "m3"))
    registry = park(
        subject("A"), subject("O1", "outlet", "A", discharges_to="environment"), points=points, limits=limits
    )
    return tax(registry, HoursLake({"C": values, "Q": hours_of("2025-01", "1000000")}))


@pytest.mark.parametrize("averaging", ["", "hour", "day"])
def test_gas_goes_by_the_means_of_hours_whatever_the_limit_averages(averaging: str) -> None:
    """One hour at 51: the day's mean keeps 50, the hour does not. Without it the mean of hours is 60 % below."""
    values = hours_of("2025-01", "20")
    clean = so2_outlet(values, limit("O1", "so2", "50", averaging))
    assert clean.value == pytest.approx(744 * 20 / 0.95 * 1.2 * 0.5)
    peak = so2_outlet(values | days_of((3, {7: "51"})), limit("O1", "so2", "50", averaging))
    assert peak.value == pytest.approx((743 * 20 + 51) / 0.95 * 1.2)


def test_a_limit_that_falls_within_the_month_decides_as_the_strictest_and_says_so() -> None:
    first = replace(limit("O1", "so2", "100", "hour"), until=date(2025, 1, 16))
    then = replace(limit("O1", "so2", "35", "hour"), since=date(2025, 1, 16))
    values = hours_of("2025-01", "20")
    values |= days_of((3, {7: "51"}))  # kept the limit of its day
    found = so2_outlet(values, first, then)
    assert found.value == pytest.approx((743 * 20 + 51) / 0.95 * 1.2 * 0.75)
    said = [remark.zh for part in _walk(found) for remark in part.remarks]
    assert any("100, 35" in each and "最严" in each for each in said)


def _walk(figure: Figure) -> list[Figure]:
    return [figure, *(below for child in figure.inputs for below in _walk(child))]


# ---- whose reductions an exceedance ends ----


def two_outlets(choice: str = "", water: str = "20") -> tuple[Registry, HoursLake]:
    """SO2 at O1 and O2 and NOx at O1 of firm A, COD at O3; firm B clean. One hour above: NOx at O1, SO2 at O2."""
    outlets = [subject(code, "outlet", "A", discharges_to="environment") for code in ("O1", "O2", "O3")]
    outlets.append(subject("B1", "outlet", "B", discharges_to="environment"))
    flows = [point(f"Q-{code}", code, "waste_gas", "m3") for code in ("O1", "O2", "B1")]
    points = [
        point("S1", "O1", "so2", "mg/m3", "mean"),
        point("N1", "O1", "nox", "mg/m3", "mean"),
        point("S2", "O2", "so2", "mg/m3", "mean"),
        point("C3", "O3", "cod", "mg/L", "mean"),
        point("Q-O3", "O3", "wastewater", "m3"),
        point("SB", "B1", "so2", "mg/m3", "mean"),
    ]
    limits = [limit(code, name, "100", "hour") for code, name in (("O1", "so2"), ("O1", "nox"), ("O2", "so2"))]
    limits += [limit("O3", "cod", "50", "day", "mg/L"), limit("B1", "so2", "100", "hour")]
    clean = hours_of("2025-01", "40")
    peak = clean | days_of((1, {0: "300"}))
    hours: dict[str, Hours] = {"S1": clean, "N1": peak, "S2": peak, "SB": clean, "C3": hours_of("2025-01", water)}
    hours |= {f"Q-{code}": hours_of("2025-01", "10000") for code in ("O1", "O2", "B1")}
    hours["Q-O3"] = hours_of("2025-01", "100")
    choices = {"tax_exceedance": choice} if choice else {}
    registry = park(subject("A"), subject("B"), *outlets, points=[*points, *flows], limits=limits, choices=choices)
    return registry, HoursLake(hours)


CLEAN, PEAK = 744 * 40 / 100 / 0.95 * 1.2, (743 * 40 + 300) / 100 / 0.95 * 1.2
WATER = 744 * 20 / 10 * 1.4


@pytest.mark.parametrize(
    ("choice", "first", "third"),
    [("", PEAK + CLEAN, WATER), ("taxpayer", PEAK + CLEAN, WATER), ("outlet", PEAK + CLEAN / 2, WATER / 2)],
)
def test_an_exceedance_ends_the_reductions_of_the_taxpayer_or_its_own(choice: str, first: float, third: float) -> None:
    """117号文 of 2018, section 2, by default; art. 11 of the regulation by choice. Firm B is another taxpayer."""
    registry, lake = two_outlets(choice)
    assert tax(registry, lake, "O1").value == pytest.approx(first)
    assert tax(registry, lake, "O2").value == pytest.approx(PEAK)
    assert tax(registry, lake, "O3").value == pytest.approx(third)
    assert tax(registry, lake, "B").value == pytest.approx(CLEAN / 2)
    whole = tax(registry, lake, "P")
    assert whole.value == pytest.approx(first + PEAK + third + CLEAN / 2)
    for period in ("2025-Q1", "2025"):
        assert tax(registry, lake, "P", Period.parse(period)).value == pytest.approx(whole.value)


@pytest.mark.parametrize("choice", ["taxpayer", "outlet"])
def test_the_reading_is_named_with_the_figure_that_it_may_change(choice: str) -> None:
    registry, lake = two_outlets(choice)
    for code in ("O1", "A", "P"):
        assert any(f"tax_exceedance = {choice}" in each.zh for each in tax(registry, lake, code).remarks)
    assert tax(registry, lake, "B").remarks == ()


def test_water_above_its_limit_ends_the_reductions_of_gas_too() -> None:
    registry, lake = two_outlets(water="60")
    lake.say({**lake.hours, "N1": hours_of("2025-01", "40"), "S2": hours_of("2025-01", "40")})
    assert tax(registry, lake, "O1").value == pytest.approx(CLEAN * 2)


def test_an_outlet_that_leads_to_a_works_is_no_outlet_of_the_taxpayer() -> None:
    """What goes to a works is not let out into the environment (art. 4); its limit is the works' own."""
    registry, lake = two_outlets()
    subjects = {**registry.subjects, "O2": replace(registry.subjects["O2"], discharges_to="B")}
    lake.say({**lake.hours, "N1": hours_of("2025-01", "40")})
    registry = replace(registry, subjects=subjects)
    assert tax(registry, lake, "O1").value == pytest.approx(CLEAN)


def test_what_the_law_does_not_tax_ends_no_reduction() -> None:
    """VOCs have no equivalent in the law."""
    points = (
        point("C", "O1", "so2", "mg/m3", "mean"),
        point("V", "O1", "vocs", "mg/m3", "mean"),
        point("Q", "O1", "waste_gas", "m3"),
    )
    limits = (limit("O1", "so2", "100", "hour"), limit("O1", "vocs", "10", "hour"))
    registry = park(
        subject("A"), subject("O1", "outlet", "A", discharges_to="environment"), points=points, limits=limits
    )
    lake = HoursLake(
        {
            "C": hours_of("2025-01", "40"),
            "V": hours_of("2025-01", "90"),
            "Q": hours_of("2025-01", "10000"),
        }
    )
    assert tax(registry, lake).value == pytest.approx(CLEAN / 2)


def test_the_hours_before_the_month_are_not_in_it() -> None:
    values = hours_of("2025-01", "20")
    start = min(values)
    found = so2_outlet(values | {start - timedelta(hours=1): "90"}, limit("O1", "so2", "50", "hour"))
    assert found.value == pytest.approx(744 * 20 / 0.95 * 1.2 * 0.5)
