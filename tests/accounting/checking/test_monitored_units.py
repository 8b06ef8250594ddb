"""Whether every key unit is monitored, by hand; and one table of what is monitored how and how often."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from small_parks import monthly, park, point, stated, subject

from xietong.accounting.books.memory import books_for
from xietong.accounting.checking.key_enterprises import key_enterprises
from xietong.accounting.checking.monitored_units import unwatched, watch_table
from xietong.park.nouns import Expected, KeyListing, Registry, ReportedAmount, Subject
from xietong.periods import Period

YEAR = Period.parse("2025")


def found(registry: Registry, period: Period = YEAR) -> list[tuple[str, str]]:
    return [(each.subject.code, each.kind) for each in unwatched(books_for(registry, None, period), period)]


def marked(mark: str) -> Subject:
    marks: dict[str, Any] = {mark: True}
    return replace(subject("A"), **marks)


@pytest.mark.parametrize(
    ("mark", "kind", "about", "beside"),
    [
        ("key_energy", "energy", ("electricity_purchased", "MWh"), ("so2", "t")),
        ("key_carbon", "carbon", ("limestone", "t"), ("water_fresh", "t")),
        ("key_pollution", "pollution", ("cod", "t"), ("diesel", "t")),
        ("key_recycling", "recycling", ("byproduct_used", "t"), ("output_value", "万元")),
    ],
)
def test_a_key_unit_is_monitored_by_what_its_list_is_about(
    mark: str, kind: str, about: tuple[str, str], beside: tuple[str, str]
) -> None:
    def told(*rows: ReportedAmount) -> list[tuple[str, str]]:
        return found(park(marked(mark), subject("B"), reported=rows))

    assert told() == [("A", kind)]
    assert told(stated("A", "2025-03", beside[0], "1", beside[1])) == [("A", kind)]
    assert told(stated("A", "2024-03", about[0], "1", about[1])) == [("A", kind)]
    assert told(stated("B", "2025-03", about[0], "1", about[1])) == [("A", kind)]
    assert told(stated("A", "2025-03", about[0], "1", about[1])) == []
    assert told(stated("A", "2025-03", about[0], "0", about[1])) == []


def test_the_sentence_says_what_to_do_and_who_is_not_here_is_not_named() -> None:
    registry = park(marked("key_energy"))
    [each] = unwatched(books_for(registry, None, YEAR), YEAR)
    assert "key energy user" in each.sentence.en
    assert "connect a point" in each.sentence.en
    assert "6.2.2" in each.sentence.zh
    assert each.as_json()["list"] == "energy"
    gone = replace(marked("key_energy"), until=date(2025, 1, 1))
    assert found(park(gone)) == []


def test_dated_lists_decide_where_the_park_keeps_them() -> None:
    registry = replace(park(subject("A"), subject("B")), key_lists=(KeyListing("B", "重点排污单位名录", 2025, ""),))
    assert found(registry) == [("B", "pollution")]
    assert found(registry, Period.parse("2024")) == []


def test_what_goes_to_a_works_is_monitored_too() -> None:
    outlet = subject("A-1", "outlet", "A", "W")
    rows = [stated("A-1", "2025", "cod", "3", "t")]
    registry = park(marked("key_pollution"), outlet, subject("W", "supply"), reported=rows)
    assert found(registry) == []


def test_one_table_says_what_is_monitored_how_and_how_often() -> None:
    points = [
        replace(point("P1", "A", "electricity_purchased", "kWh"), interval_s=900, source="mqtt:x#y"),
        point("P2", "B", "so2", "mg/m3", "mean"),
        replace(point("P3", "B", "cod", "mg/L", "sample"), interval_s=86_400),
        replace(point("P4", "B", "diesel", "t"), until=date(2024, 1, 1)),
    ]
    due = [
        Expected("A", "output_value", "monthly", 10),
        Expected("B", "product:steel", "monthly", 5, until=date(2020, 1, 1)),
    ]
    registry = park(marked("key_energy"), subject("B"), points=points, expected=due)
    rows = [(row.subject.code, row.item, row.way.en, row.every.en, row.due_day) for row in watch_table(registry, YEAR)]
    assert rows == [
        ("A", "electricity_purchased", "automatic", "every 15 min", None),
        ("A", "output_value", "reported", "monthly", 10),
        ("B", "cod", "by hand", "each sample", None),
        ("B", "so2", "by hand", "every 1 h", None),
    ]
    assert [row.is_key for row in watch_table(registry, YEAR)] == [True, True, False, False]


def test_key_industries_and_how_their_carbon_changed() -> None:
    """Steel: 1,000 MWh × 0.5366 in 2024, 900 × 0.5306 in 2025."""
    sector = Subject("S", "sector", "钢铁", parent="P")
    rows = [
        *monthly("A", "electricity_purchased", "75", "MWh"),
        stated("A", "2024", "electricity_purchased", "1000", "MWh"),
    ]
    registry = park(subject("A", sector="钢铁"), sector, reported=rows)
    told = key_enterprises(registry, None, YEAR, "sectors")
    [unit] = told.units
    change = unit.changes["carbon_emission_total"]
    assert (unit.subject.code, unit.movement) == ("S", "stayed")
    assert change.ratio == pytest.approx(900 * 0.5306 / (1000 * 0.5366) - 1, rel=1e-12)
    assert told.same["carbon_emission_total"] == pytest.approx((900 * 0.5306, 1000 * 0.5366))
