"""Monthly balances of clause 5.4.4 by hand: every expected number is the sum in the comment or the name of the test."""

from dataclasses import replace
from decimal import Decimal

import pytest
from small_parks import HoursLake, hours_of, monthly, park, point, stated, subject

from xietong.accounting import explain
from xietong.accounting.balances.balance_sheet import Sheet, balance
from xietong.accounting.figures.account import UnknownNameError
from xietong.park.nouns import Flow, Registry, ReportedAmount, Subject
from xietong.periods import Period

MARCH = Period.parse("2025-03")
YEAR = Period.parse("2025")
NINE = [f"S{number}" for number in range(1, 10)]


def whole(registry: Registry, code: str, medium: str, period: Period = MARCH, lake: HoursLake | None = None) -> Sheet:
    return balance(registry, lake, code, period).of(medium).whole


def values(sheet: Sheet) -> dict[str, float | None]:
    return {side: figure.value for side, figure in sheet.totals.items()} | {"residual": sheet.residual.value}


def dealt(sheet: Sheet, *names: str) -> list[float | None]:
    """Amounts of the trade by name."""
    assert sheet.trade is not None
    return [getattr(sheet.trade, name).figure.value for name in names]


def metered(without: tuple[int, ...] = ()) -> tuple[Registry, HoursLake]:
    """A head meter of 1 MWh an hour and nine sub-meters of 0.1 MWh each: 744, 9 × 74.4 and 74.4 MWh in March."""
    points = [point("HEAD", "A", "electricity_purchased", "kWh")]
    points += [point(code, "A", "electricity_purchased", "kWh", role="sub") for code in NINE]
    hours = {"HEAD": hours_of("2025-03", "1000")} | {code: hours_of("2025-03", "100") for code in NINE}
    hours["S9"] = hours_of("2025-03", "100", without)
    return park(subject("A"), points=points), HoursLake(hours)


def test_a_head_meter_with_nine_sub_meters() -> None:
    registry, lake = metered()
    sheet = whole(registry, "A", "electricity", lake=lake)
    assert values(sheet) == pytest.approx({"supply": 744, "use": 669.6, "sold": None, "loss": None, "residual": 74.4})
    assert sheet.share.value == pytest.approx(10.0)
    assert len(sheet.lines["use"]) == 9
    assert sheet.meters is not None
    assert [figure.value for figure in sheet.meters] == pytest.approx([744, 669.6, 74.4, 10.0])


def test_sub_meters_are_in_no_total() -> None:
    registry, lake = metered()
    for code in ("A", "P"):
        assert explain(registry, lake, "electricity_purchased", code, MARCH).value == 744
    assert whole(registry, "P", "electricity", lake=lake).totals["supply"].value == 744


def test_a_sub_meter_with_a_gap_makes_the_balance_partial_and_leaves_no_residual() -> None:
    registry, lake = metered(without=(5,))
    sheet = whole(registry, "A", "electricity", lake=lake)
    assert sheet.status == "partial"
    assert (sheet.residual.value, sheet.residual.status) == (None, "missing")
    assert "S9" in sheet.residual.missing[0].zh
    assert sheet.meters is not None
    assert sheet.meters.rest.value is None


def test_sub_meters_of_the_parts_below_count_unless_the_part_has_an_amount_of_its_own() -> None:
    subs = [point("S1", "A", "electricity_purchased", "kWh", role="sub")]
    subs += [point("S2", "A-F", "electricity", "kWh", role="sub")]
    registry = park(
        subject("A"),
        subject("A-F", "process", "A"),
        points=subs,
        reported=monthly("A", "electricity_purchased", "300", "MWh"),
    )
    lake = HoursLake({code: hours_of("2025-03", "100") for code in ("S1", "S2")})
    sheet = whole(registry, "A", "electricity", lake=lake)
    assert values(sheet) == pytest.approx({"supply": 300, "use": 148.8, "sold": None, "loss": None, "residual": 151.2})
    assert sheet.meters is None


def test_without_a_second_measurement_no_residual_is_claimed() -> None:
    rows = [*monthly("A", "electricity_purchased", "100", "MWh"), *monthly("A", "electricity_sold", "30", "MWh")]
    sheet = whole(park(subject("A"), reported=rows), "A", "electricity")
    assert values(sheet) == {"supply": 100, "use": 70, "sold": 30, "loss": None, "residual": None}
    assert sheet.residual.status == "not_applicable"
    assert "分表" in sheet.residual.missing[0].zh


def test_parts_that_state_their_use_divide_the_head() -> None:
    rows = monthly("A", "heat_purchased", "100", "GJ") + monthly("A", "heat_loss", "4", "GJ")
    rows += monthly("A-F", "heat_purchased", "60", "GJ") + monthly("A-G", "heat_purchased", "33", "GJ")
    registry = park(subject("A"), subject("A-F", "process", "A"), subject("A-G", "equipment", "A"), reported=rows)
    sheet = whole(registry, "A", "heat")
    assert values(sheet) == {"supply": 100, "use": 93, "sold": None, "loss": 4, "residual": 3}
    assert sheet.share.value == pytest.approx(3.0)


def test_months_are_rows_and_a_year_with_a_gap_has_no_residual() -> None:
    rows = monthly("A", "heat_purchased", "100", "GJ")
    rows += monthly("A-F", "heat_purchased", "60", "GJ", range(1, 12))
    registry = park(subject("A"), subject("A-F", "process", "A"), reported=rows)
    found = balance(registry, None, "A", YEAR).of("heat")
    assert [sheet.residual.value for sheet in found.months] == [40.0] * 11 + [None]
    assert found.months[11].status == "partial"
    assert (found.whole.status, found.whole.residual.value) == ("partial", None)
    assert "2025-12" in found.whole.residual.missing[0].zh


def test_steam_is_balanced_by_grade() -> None:
    rows = [
        stated("W", "2025-03", "steam_generated:1.0MPa", "500", "t"),
        stated("W", "2025-03", "steam_sold:1.0MPa", "450", "t", counterparty="A"),
        stated("A", "2025-03", "steam_purchased:1.0MPa", "441", "t", counterparty="W"),
        stated("A", "2025-03", "steam_purchased:0.4MPa", "80", "t", counterparty="outside:热力公司"),
    ]
    registry = park(subject("A"), subject("W"), reported=rows)
    high = whole(registry, "P", "steam:1.0MPa")
    assert values(high) == {"supply": 500, "use": 491, "sold": None, "loss": None, "residual": 9}
    assert high.share.value == pytest.approx(1.8)
    assert dealt(high, "sold", "bought", "residual") == [450, 441, 9]
    assert high.trade is not None
    assert high.trade.share.value == pytest.approx(2.0)
    low = whole(registry, "P", "steam:0.4MPa")
    assert (low.totals["supply"].value, low.residual.status) == (80, "not_applicable")


SOLD = [
    stated("W", "2025-03", "electricity_generated", "120", "MWh"),
    stated("W", "2025-03", "electricity_sold", "100", "MWh"),
    stated("A", "2025-03", "electricity_purchased", "60", "MWh", counterparty="W"),
    stated("B", "2025-03", "electricity_purchased", "35", "MWh", counterparty="W公司"),
    stated("B", "2025-03", "electricity_purchased", "200", "MWh", counterparty="outside:国网"),
]


def sold(*rows: ReportedAmount, subjects: tuple[Subject, ...] = ()) -> Registry:
    return park(subject("A"), subject("B"), subject("W"), *subjects, reported=rows)


def test_what_was_sold_inside_against_what_was_bought_inside() -> None:
    """W sells 100 without a name; A and B name W for 60 + 35; B brings 200 over the fence: 5 MWh, 5 %, are open."""
    sheet = whole(sold(*SOLD), "P", "electricity")
    assert dealt(sheet, "sold", "bought", "residual") == [100, 95, 5]
    assert sheet.trade is not None
    assert sheet.trade.share.value == pytest.approx(5.0)
    assert dealt(sheet, "imported", "exported") == [200, None]
    assert values(sheet) == {"supply": 320, "use": 315, "sold": None, "loss": None, "residual": 5}


def test_a_sale_to_outside_is_an_export() -> None:
    rows = [*SOLD, stated("W", "2025-03", "electricity_sold", "15", "MWh", counterparty="outside:国网")]
    sheet = whole(sold(*rows), "P", "electricity")
    assert sheet.totals["sold"].value == 15
    assert sheet.residual.value == 5
    assert {line.title.zh: line.value for line in sheet.lines["use"]}["W公司"] == 5


def test_a_seller_nobody_names_is_told_apart() -> None:
    rows = [
        stated("W", "2025-03", "electricity_generated", "120", "MWh"),
        stated("W", "2025-03", "electricity_sold", "100", "MWh"),
        stated("A", "2025-03", "electricity_purchased", "95", "MWh"),
    ]
    sheet = whole(sold(*rows), "P", "electricity")
    assert sheet.trade is not None
    assert (sheet.trade.unnamed.figure.value, sheet.trade.is_checked) == (100, False)
    assert sheet.residual.status == "not_applicable"
    assert any("counterparty" in remark.zh for remark in sheet.lines["supply"][0].remarks)


def test_a_buyer_the_seller_names_is_taken_out_of_a_purchase_without_a_seller() -> None:
    rows = [
        stated("W", "2025-03", "electricity_generated", "120", "MWh"),
        stated("W", "2025-03", "electricity_sold", "100", "MWh", counterparty="A"),
        stated("A", "2025-03", "electricity_purchased", "140", "MWh"),
    ]
    sheet = whole(sold(*rows), "P", "electricity")
    assert dealt(sheet, "bought", "imported") == [100, 40]
    assert values(sheet) == {"supply": 160, "use": 160, "sold": None, "loss": None, "residual": 0}


def test_flows_name_the_ends_where_the_statements_do_not() -> None:
    rows = [
        stated("W", "2025-03", "electricity_generated", "120", "MWh"),
        stated("W", "2025-03", "electricity_sold", "100", "MWh"),
        stated("A", "2025-03", "electricity_purchased", "140", "MWh"),
    ]
    flow = Flow("W", "A", "electricity", Decimal("90000"), "kWh", MARCH)
    sheet = whole(replace(sold(*rows), flows=(flow,)), "P", "electricity")
    assert dealt(sheet, "sold", "bought", "imported") == [100, 90, 50]
    assert sheet.residual.value == 10


def test_a_buyer_that_did_not_report_leaves_no_residual() -> None:
    rows = [row for row in SOLD if row.subject != "A"]
    rows.append(stated("A", "2025-02", "electricity_purchased", "60", "MWh", counterparty="W"))
    sheet = whole(sold(*rows), "P", "electricity")
    assert sheet.trade is not None
    assert (sheet.trade.residual.exact, sheet.trade.residual.figure.status) == (None, "missing")
    assert "A公司" in sheet.trade.residual.figure.missing[0].zh
    assert (sheet.status, sheet.residual.value) == ("partial", None)


def test_one_who_only_buys_outside_does_not_hide_the_trade() -> None:
    late = stated("C", "2025-02", "electricity_purchased", "60", "MWh", counterparty="outside:国网")
    sheet = whole(sold(*SOLD, late, subjects=(subject("C"),)), "P", "electricity")
    assert dealt(sheet, "residual") == [5]
    assert (sheet.status, sheet.residual.value) == ("partial", None)


def test_more_sold_than_came_in_means_that_generation_is_not_stated() -> None:
    rows = [row for row in SOLD if row.item != "electricity_generated"]
    sheet = whole(sold(*rows), "W", "electricity")
    assert (sheet.totals["use"].value, sheet.status) == (None, "partial")
    assert "electricity_generated" in sheet.missing[0].zh
    at_park = whole(sold(*rows), "P", "electricity")
    assert at_park.status == "partial"
    assert "W公司" in at_park.missing[0].zh


def test_a_fence_meter_against_what_the_units_used() -> None:
    rows = [*SOLD, stated("P", "2025-03", "electricity_purchased", "230", "MWh")]
    sheet = whole(sold(*rows), "P", "electricity")
    assert values(sheet) == {"supply": 350, "use": 315, "sold": None, "loss": None, "residual": 35}
    assert sheet.memo[0].value == 200


def test_a_zone_imports_from_the_rest_of_the_park() -> None:
    zoned = (subject("A", zone="东"), subject("B", zone="西"), subject("W", zone="西"))
    east, west = Subject("东", "zone", "东", parent="P"), Subject("西", "zone", "西", parent="P")
    registry = park(*zoned, east, west, reported=SOLD)
    assert values(whole(registry, "东", "electricity"))["supply"] == 60
    sheet = whole(registry, "西", "electricity")
    assert dealt(sheet, "sold", "bought", "exported", "residual") == [40, 35, 60, 5]


def test_a_fuel_with_stock_and_uses() -> None:
    """Opening 50, received 200, closing 30: 220 were used, 40 of them as raw material, 10 passed on."""
    coal = replace(stated("A", "2025-03", "raw_coal", "200", "t"), opening=Decimal(50), closing=Decimal(30))
    rows = [coal, stated("A", "2025-03", "raw_coal", "40", "t", use="feedstock")]
    rows.append(stated("A", "2025-03", "raw_coal", "10", "t", use="export", counterparty="outside:某厂"))
    sheet = whole(park(subject("A"), reported=rows), "A", "raw_coal")
    assert {line.key: line.value for line in sheet.lines["supply"]} == {"raw_coal_received": 200, "raw_coal_drawn": 20}
    assert {line.title.zh: line.value for line in sheet.lines["use"]} == {"生产使用": 170, "用作原料": 40}
    assert sheet.totals["sold"].value == 10


def test_water_of_a_tenant_of_the_works_and_of_the_park() -> None:
    """A takes 100 and sends 70 to the works; the works takes 5 and lets out 60: the park takes 105 and lets out 60."""
    rows = [
        stated("A", "2025-03", "water_fresh", "100", "t"),
        stated("A", "2025-03", "water_reused", "900", "t"),
        stated("A", "2025-03", "water_lost", "12", "t"),
        stated("A-W", "2025-03", "wastewater", "70", "t"),
        stated("W", "2025-03", "water_fresh", "5", "t"),
        stated("W-1", "2025-03", "wastewater", "60", "t"),
    ]
    outlets = (subject("A-W", "outlet", "A", "W"), subject("W-1", "outlet", "W", "environment"))
    registry = park(subject("A"), subject("W"), *outlets, reported=rows)
    tenant = whole(registry, "A", "water")
    assert values(tenant) == {"supply": 100, "use": None, "sold": 70, "loss": 12, "residual": 18}
    assert [line.value for line in tenant.memo] == [900]
    assert values(whole(registry, "W", "water")) == pytest.approx(
        {"supply": 75, "use": None, "sold": 60, "loss": None, "residual": 15}
    )
    assert values(whole(registry, "P", "water")) == {"supply": 105, "use": None, "sold": 60, "loss": 12, "residual": 33}


def test_every_line_is_a_figure_with_its_working() -> None:
    sheet = whole(sold(*SOLD), "P", "electricity")
    assert sheet.residual.formula == "electricity_supply - electricity_use"
    assert [figure.value for figure in sheet.residual.inputs] == [320, 315]
    found = sheet.figures()
    assert {"electricity_supply", "electricity_use", "electricity_residual", "electricity_trade_residual"} <= set(found)
    leaf = found["electricity_supply"]
    while leaf.inputs:
        leaf = leaf.inputs[0]
    assert leaf.trace["entry"] == "cli-0/1"


def test_only_the_media_asked_for_and_no_unknown_subject() -> None:
    registry = sold(*SOLD, stated("A", "2025-03", "diesel", "3", "t"))
    assert [each.medium.key for each in balance(registry, None, "P", MARCH).media] == ["electricity", "diesel"]
    assert [each.medium.key for each in balance(registry, None, "P", MARCH, ["diesel"]).media] == ["diesel"]
    with pytest.raises(UnknownNameError):
        balance(registry, None, "Q", MARCH)


def test_sub_meters_that_read_more_than_their_head_are_said() -> None:
    registry, lake = metered()
    low = HoursLake({**lake.hours, "HEAD": hours_of("2025-03", "850")})
    sheet = whole(registry, "A", "electricity", lake=low)
    assert sheet.residual.value == pytest.approx(-37.2)
    assert "倍率" in sheet.residual.remarks[0].zh


def test_a_head_meter_of_the_park_with_a_sub_meter_at_each_tenant() -> None:
    points = [point("HEAD", "P", "electricity_purchased", "kWh")]
    points += [point(code, code, "electricity_purchased", "kWh", role="sub") for code in ("A", "B")]
    hours = {code: hours_of("2025-03", value) for code, value in (("HEAD", "1000"), ("A", "600"), ("B", "380"))}
    registry, lake = park(subject("A"), subject("B"), points=points), HoursLake(hours)
    sheet = whole(registry, "P", "electricity", lake=lake)
    assert values(sheet) == pytest.approx({"supply": 744, "use": 729.12, "sold": None, "loss": None, "residual": 14.88})
    assert sheet.share.value == pytest.approx(2.0)
    assert sheet.meters is not None
    assert explain(registry, lake, "electricity_purchased", "P", MARCH).value == 744


def test_a_gate_meter_of_gas_against_the_tenants_bills() -> None:
    rows = [
        stated("A", "2025-03", "natural_gas", "60", "10^4m3"),
        stated("B", "2025-03", "natural_gas", "38", "10^4m3"),
    ]
    points = [point("GATE", "P", "natural_gas", "m3")]
    registry = park(subject("A"), subject("B"), reported=rows, points=points)
    lake = HoursLake({"GATE": hours_of("2025-03", f"{1_000_000 / 744:.6f}")})
    sheet = whole(registry, "P", "natural_gas", lake=lake)
    assert sheet.residual.value == pytest.approx(2.0, abs=1e-6)
    assert sheet.share.value == pytest.approx(2.0, abs=1e-6)
    assert explain(registry, lake, "natural_gas", "P", MARCH).value == 98


def test_a_fuel_that_one_tenant_passes_to_another() -> None:
    """A coke plant passes 500 of its gas to B, which burns 490 of it and states where it came from."""
    rows = [
        stated("A", "2025-03", "coke_oven_gas", "500", "10^4m3", use="export", counterparty="B"),
        stated("A", "2025-03", "coke_oven_gas", "200", "10^4m3"),
        stated("B", "2025-03", "coke_oven_gas", "490", "10^4m3", counterparty="A"),
    ]
    sheet = whole(park(subject("A"), subject("B"), reported=rows), "P", "coke_oven_gas")
    assert dealt(sheet, "sold", "bought", "residual") == [500, 490, 10]
    assert values(sheet) == {"supply": 700, "use": 690, "sold": None, "loss": None, "residual": 10}


def test_a_check_meter_divides_nothing() -> None:
    registry, lake = metered()
    check = point("CHECK", "A", "electricity_purchased", "kWh", role="check")
    hours = {**lake.hours, "CHECK": hours_of("2025-03", "50")}
    sheet = whole(
        replace(registry, points={**registry.points, "CHECK": check}), "A", "electricity", lake=HoursLake(hours)
    )
    assert len(sheet.lines["use"]) == 9


def test_sub_meters_at_the_parks_own_head_stand_for_what_the_tenants_state() -> None:
    points = [point("HEAD", "P", "heat_purchased", "GJ"), point("S1", "P", "heat_purchased", "GJ", role="sub")]
    registry = park(subject("A"), points=points, reported=monthly("A", "heat_purchased", "700", "GJ"))
    lake = HoursLake({"HEAD": hours_of("2025-03", "1"), "S1": hours_of("2025-03", "0.9")})
    sheet = whole(registry, "P", "heat", lake=lake)
    assert values(sheet) == pytest.approx({"supply": 744, "use": 669.6, "sold": None, "loss": None, "residual": 74.4})
