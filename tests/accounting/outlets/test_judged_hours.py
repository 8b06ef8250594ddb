"""Hours that came and hours that could be judged are two things: without oxygen nothing keeps its limit."""

from dataclasses import replace
from decimal import Decimal

import pyarrow as pa
import pytest
from small_parks import HoursLake, hours_of, park, point, subject

from xietong.accounting import explain, figures
from xietong.park.nouns import Limit, Point, Registry
from xietong.periods import Period
from xietong.wording.sheets import sheet

MONTH = Period.parse("2025-01")
SUBJECTS = (subject("A"), subject("O1", "outlet", "A", discharges_to="environment"))
POINTS = (
    point("C", "O1", "so2", "mg/m3", "mean"),
    point("Q", "O1", "waste_gas", "m3/h", "mean"),
    point("X", "O1", "o2", "%", "mean"),
)
LIMIT = Limit("O1", "so2", "concentration", Decimal(100), "mg/m3", "hour", Decimal(9))


def stack(*limits: Limit) -> Registry:
    return park(*SUBJECTS, points=POINTS, limits=limits or (LIMIT,))


def silent_oxygen(hours: int, above: str = "500", oxygen: str = "") -> HoursLake:
    """40 mg/m3 at 9 % oxygen for the first hours of January, then 500 without oxygen, or with a senseless one."""
    every = hours_of("2025-01", above)
    first = sorted(every)[:hours]
    beside = dict.fromkeys(every, oxygen) if oxygen else {}
    return HoursLake(
        {
            "C": every | dict.fromkeys(first, "40"),
            "Q": hours_of("2025-01", "10000"),
            "X": beside | dict.fromkeys(first, "9"),
        }
    )


@pytest.mark.parametrize(
    ("oxygen", "of"), [("", "O1"), ("", "P"), ("20", "A"), ("20.9", "A"), ("21", "A"), ("25", "A"), ("-1", "A")]
)
def test_a_month_without_oxygen_is_not_kept(oxygen: str, of: str) -> None:
    """Row 01: 24 of 744 hours can be judged; 3.6096 t ÷ 0.95 kg × 1.2 yuan = 4,559.49 yuan, no reduction."""
    keys = ["so2_compliance_rate", "so2_exceedance_hours", "environmental_tax", "so2_emission"]
    found = figures(stack(), silent_oxygen(24, oxygen=oxygen), of, MONTH, keys)
    for key in keys[:2]:
        assert found[key].status == "partial"
        said = found[key].missing[0]
        assert "应有 744 小时：收到 744、有效 744、可判定 24 小时" in said.zh
        assert "of 744 hours due 744 came, 744 are valid and 24 could be judged" in said.en
        assert "720 小时实测值已高于限值" in said.zh
    assert found["environmental_tax"].value == pytest.approx(3.6096 * 1000 / 0.95 * 1.2)
    assert found["so2_emission"].status == "ok"


def test_the_mean_says_of_which_hours_it_is() -> None:
    mean = explain(stack(), silent_oxygen(24), "so2_concentration", "O1", MONTH)
    assert (mean.value, mean.status) == (40.0, "partial")
    assert "能折算到基准氧的 24 小时" in mean.missing[0].zh
    assert mean.trace["hours_judged"] == "24"


def test_the_sheet_of_a_corrected_mean_shows_its_sums_its_formula_and_the_oxygen() -> None:
    """Two hours at 12 %, one at 15 %: 40 × 12 ÷ 9 and 60 × 12 ÷ 6, weighted with 1,000, 1,000 and 2,000 m3."""
    at = sorted(hours_of("2025-01", "0"))[:3]
    lake = HoursLake(
        {
            "C": dict(zip(at, ("40", "40", "60"), strict=True)),
            "Q": dict(zip(at, ("1000", "1000", "2000"), strict=True)),
            "X": dict(zip(at, ("12", "12", "15"), strict=True)),
        }
    )
    mean = explain(stack(), lake, "so2_concentration", "O1", MONTH)
    by_hand = (2 * 40 * 12 / 9 * 1000 + 60 * 12 / 6 * 2000) / 4000
    assert mean.value == pytest.approx(by_hand, abs=1e-6)
    zh, en = ("\n".join(sheet(mean, language, 6)) for language in ("zh", "en"))
    assert "Σ(折算浓度 × 流量) ÷ Σ 流量" in zh
    assert "~ 86.666666 [mg/m3] ← 346666.666" in zh
    assert "[mg] ÷ 4000 [m3]" in zh
    assert "折算浓度 = 实测浓度 × (21 − 9) ÷ (21 − 含氧量)，含氧量 % 取自 X，基准含氧量 9 %" in zh
    assert "corrected = measured × (21 − 9) ÷ (21 − oxygen), oxygen in % of X, reference oxygen 9 %" in en


def test_the_sheet_of_a_mean_that_is_not_corrected_names_no_oxygen() -> None:
    bare = replace(LIMIT, o2_reference=None)
    zh = "\n".join(sheet(explain(stack(bare), silent_oxygen(24), "so2_concentration", "O1", MONTH), "zh", 6))
    assert "Σ(实测浓度 × 流量) ÷ Σ 流量" in zh
    assert "含氧量" not in zh


@pytest.mark.parametrize(
    ("hours", "above", "yuan"), [(744, "40", 0.5), (600, "40", 0.5), (600, "101", 1), (500, "40", 1)]
)
def test_a_reduction_needs_three_quarters_judged_and_none_in_doubt(hours: int, above: str, yuan: float) -> None:
    """Where fewer hours can be judged, or one that cannot is above the limit as measured, the tax is due in full."""
    mass = (hours * 40 + (744 - hours) * int(above)) * 10000 * 1e-9
    tax = explain(stack(), silent_oxygen(hours, above), "environmental_tax", "O1", MONTH)
    assert tax.value == pytest.approx(mass * 1000 / 0.95 * 1.2 * yuan)


def test_each_limit_has_its_own_reference_oxygen() -> None:
    """40 mg/m3 at 15 % oxygen is 80 at 9 %: above 60 an hour, while the day's limit of 50 knows no oxygen."""
    day = Limit("O1", "so2", "concentration", Decimal(50), "mg/m3", "day")
    hour = replace(LIMIT, value=Decimal(60))
    lake = HoursLake({"C": hours_of("2025-01", "40"), "Q": hours_of("2025-01", "1"), "X": hours_of("2025-01", "15")})
    assert explain(stack(day, hour), lake, "so2_exceedance_hours", "O1", MONTH).value == 744
    assert explain(stack(day), lake, "so2_exceedance_hours", "O1", MONTH).value == 0
    turned = replace(day, o2_reference=Decimal(9)), replace(hour, o2_reference=None)
    assert explain(stack(*turned), lake, "so2_exceedance_hours", "O1", MONTH).value == 744
    no_oxygen = HoursLake({"C": hours_of("2025-01", "40"), "Q": hours_of("2025-01", "1")})
    kept = explain(stack(day, hour), no_oxygen, "so2_compliance_rate", "O1", MONTH)
    assert kept.status == "missing"


def test_an_outlet_that_cannot_be_judged_makes_its_enterprise_partial() -> None:
    """Two outlets, one of them without any oxygen: the enterprise is not at 100 % and ok."""
    two = subject("O2", "outlet", "A", discharges_to="environment")
    points = [*POINTS, *(replace(each, code=f"{each.code}2", subject="O2") for each in POINTS)]
    registry = park(*SUBJECTS, two, points=points, limits=(LIMIT, replace(LIMIT, subject="O2")))
    whole = {"C": hours_of("2025-01", "40"), "Q": hours_of("2025-01", "10"), "X": hours_of("2025-01", "9")}
    lake = HoursLake({**whole, "C2": whole["C"], "Q2": whole["Q"]})
    found = explain(registry, lake, "so2_compliance_rate", "A", MONTH)
    assert (found.value, found.status) == (100.0, "partial")
    assert explain(registry, lake, "so2_compliance_rate", "O2", MONTH).status == "missing"


def quarters(came: int) -> HoursLake:
    """Hours of four quarter-hours each, of which so many came."""

    def counted(hours: pa.Table) -> pa.Table:
        for name, count in (("readings", came), ("due", 4)):
            place = hours.schema.get_field_index(name)
            hours = hours.set_column(place, hours.schema.field(name), [pa.array([count] * len(hours), pa.int32())])
        return hours

    return HoursLake({"C": hours_of("2025-01", "120"), "Q": hours_of("2025-01", "30000")}, counted)


def test_an_hour_needs_three_quarters_of_its_readings() -> None:
    """HJ 75-2017: 45 minutes of an hour. Three of four: 120 ÷ 3 = 40 mg/m3 of 10,000 m3/h, 0.2976 t; two: no hour."""
    keys = ["so2_concentration", "so2", "waste_gas"]
    found = figures(
        stack(Limit("O1", "so2", "concentration", Decimal(100), "mg/m3", "hour")), quarters(3), "O1", MONTH, keys
    )
    assert {key: (each.value, each.status) for key, each in found.items()} == {
        "so2_concentration": (40.0, "ok"),
        "so2": (pytest.approx(744 * 40 * 10_000 * 1e-9), "ok"),
        "waste_gas": (pytest.approx(744 * 10_000), "ok"),
    }
    found = figures(
        stack(Limit("O1", "so2", "concentration", Decimal(100), "mg/m3", "hour")), quarters(2), "O1", MONTH, keys
    )
    assert {each.value for each in found.values()} == {None}


def test_a_coarse_hour_of_water_needs_three_quarters_of_its_readings_too() -> None:
    """Hours kept without their quarter-hours, as lakes of before kept them."""
    points = (Point("C", "O1", "", "cod", "mg/L", "mean", 900), Point("Q", "O1", "", "wastewater", "m3/h", "mean", 900))
    registry, keys = park(*SUBJECTS, points=points), ["cod_concentration", "wastewater"]
    found = figures(registry, quarters(3), "O1", MONTH, keys)
    assert [each.value for each in found.values()] == [40.0, pytest.approx(744 * 10_000)]
    found = figures(registry, quarters(2), "O1", MONTH, keys)
    assert [each.value for each in found.values()] == [None, None]
