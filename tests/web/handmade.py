"""A small park with figures made by hand: what the pages are tested against without lake or accounting."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from math import cos, pi
from zoneinfo import ZoneInfo

from django.contrib.auth.models import Group, User

from xietong.accounting.figures.account import Coverage
from xietong.accounting.figures.tables import table_keys
from xietong.calc.engine.engine import RULES, calculate
from xietong.calc.factors.book import FactorBook
from xietong.calc.figures import Figure, Status, missing_figure
from xietong.calc.indicators import carbon, energy, pollutants, recycling
from xietong.calc.judgement.grade import grades, judge
from xietong.evaluation import Evaluation
from xietong.evaluation.evaluation import Line
from xietong.evaluation.weakness import Weakness
from xietong.park.nouns import DEFAULT_CHOICES, Limit, Point, Registry, ReportedAmount, Subject, Target
from xietong.periods import Period
from xietong.quality.cases import Case
from xietong.texts import Text

RULE_MODULES = (carbon, energy, pollutants, recycling)
COVERAGE = Coverage(1212, 1179.5, 1179.5 / 1212, (Text("E07 三月用电没有报。", "E07 did not report March."),))
NOW = datetime(2026, 3, 4, 2, 0, 0, tzinfo=UTC)
PASSWORD = "a-long-enough-pass"
ENTRY = "cli-0/1"
MN = "XTPARKA00000000000000001"
LEVELS: Mapping[str, float] = {
    "energy_per_output_value": 0.4711,
    "carbon_emission_intensity": 1.213,
    "waste_gas_intensity": 8123.0,
    "wastewater_intensity": 3.42,
    "comprehensive_energy_consumption": 958_452.3,
    "clean_energy_share": 31.2,
    "renewable_energy_share": 9.87,
    "energy_utilization_efficiency": 2.1227,
    "carbon_emission_total": 2_467_801.0,
    "energy_carbon_emission": 2_101_223.0,
    "carbon_emission_reduction": 45_120.0,
    "pollutant_emission_intensity": 12.34,
    "resource_utilization_rate": 87.6,
    "data_completeness": 97.31,
    "nox_emission": 1201.5,
    "so2_emission": 530.2,
    "particulate_emission": 210.9,
    "cod_emission": 402.7,
    "ammonia_nitrogen_emission": 31.4,
}
SHARES = ("%", "tce/万元", "tCO2e/万元", "m3/万元", "t/万元", "万元/tce", "污染当量/万元", "kg/万元")
REASON = Text("没有收到 output_value；请填报。", "output_value was not supplied; report it.")
MISSING_MONTH = Period.month(2025, 8)


def park(**changes: Iterable[object]) -> Registry:
    """The registry: a park, an enterprise with a meter, an outlet with a device."""
    subjects = [
        Subject("PARK", "park", "示范园区", "Demo Park"),
        Subject("E01", "enterprise", "青塬特钢有限公司", "Qingyuan Special Steel", "PARK", "东区", "钢铁"),
        Subject("E01-G1", "outlet", "烧结机头排放口", "Sinter outlet", "E01", discharges_to="environment"),
    ]
    points = [
        Point("E01-G1-nox", "E01-G1", "concentration", "nox", "mg/m3", "mean", 3600, source=f"hj212:{MN}/a21002/Avg"),
        Point("E01-P", "E01", "energy", "electricity_purchased", "kWh", "amount", 3600),
    ]
    targets = [
        Target("energy_per_output_value", "PARK", 2025, 0.48, 0.55, True),
        Target("carbon_emission_intensity", "PARK", 2025, 1.15, 1.3, True),
        Target("pollutant_emission_intensity", "PARK", 2025, 10.0, 12.0, True),
        Target("resource_utilization_rate", "PARK", 2025, 85.0, None, False),
    ]
    stated = ReportedAmount("E01", Period.month(2025, 1), "coke", Decimal(1200), "t", ENTRY, 3, NOW)
    return Registry(
        code="DEMO",
        name="示范园区",
        name_en="Demo Park",
        region="陕西",
        zone=ZoneInfo("Asia/Shanghai"),
        choices=dict(DEFAULT_CHOICES),
        subjects={each.code: each for each in subjects},
        points={each.code: each for each in points},
        reported=(stated,),
        targets=tuple(targets),
        limits=(Limit("E01-G1", "nox", "concentration", Decimal(50), "mg/m3"),),
    )


def figures(_registry: Registry, subject: str, period: Period) -> dict[str, Figure]:
    """Figures of a year or month: winters are high, last year was 4 % higher, August 2025 did not come."""
    kind = park().subjects[subject].kind
    keys = [key for keys in table_keys(kind).values() for key in keys]
    return {key: figure(key, period) for key in dict.fromkeys([*keys, "data_completeness"])}


def figure(key: str, period: Period) -> Figure:
    """One made-up figure with title, unit and clause of its rule."""
    rule = RULES[key][0] if key in RULES else None
    unit, title = (rule.unit, rule.title) if rule else ("mg/m3", Text(key, key))
    blank = Figure(key, None, unit, kind="indicator", clause=rule.clause if rule else "", title=title)
    if key.endswith("_highest_outlet"):
        trace = {"subject": "E01-G1", "name": "烧结机头排放口", "name_en": "Sinter outlet", "limit": "50"}
        return replace(blank, value=61.25, trace=trace, title=Text("最高排放口", "highest outlet"))
    if key.endswith("_compliance_rate"):
        return replace(blank, value=99.7)
    if key.endswith("_exceedance_hours"):
        return replace(blank, value=26.0)
    if key not in LEVELS:
        return replace(missing_figure(key, unit, REASON), title=title)
    return _seasonal(blank, LEVELS[key], period)


def _seasonal(blank: Figure, level: float, period: Period) -> Figure:
    if period.start.year < 2024:
        return replace(blank, status="missing", missing=(REASON,))
    if period == MISSING_MONTH:
        return replace(blank, status="missing", missing=(REASON,))
    share = 1.0 if blank.unit in SHARES else period.month_count / 12
    season = 1 + 0.12 * cos(2 * pi * (period.start.month - 1) / 12) if period.month_count == 1 else 1.0
    drift = 1.04 if period.start.year == 2024 else 1.0
    status: Status = "partial" if period == Period.month(2025, 5) else "ok"
    return replace(blank, value=level * share * season * drift, status=status)


def evaluation(registry: Registry, subject: str, year: int) -> Evaluation:
    """The year judged by the real rules from the made-up figures."""
    targets = [each for each in registry.targets if (each.subject, each.year) == (subject, year)]
    found = {each.indicator: figure(each.indicator, Period.year(year)) for each in targets}
    lines = tuple(
        Line(subject, found[each.indicator].title, judge(each, found[each.indicator]), found[each.indicator])
        for each in targets
    )
    weak = Weakness("basic", subject, "pollutant_emission_intensity", Text("污染物排放强度偏高。", "emission is high."))
    advice = (Text("先查烧结机头排放口。", "Look at the sinter outlet first."),)
    judged = grades(line.judged for line in lines)
    return Evaluation(subject, year, "default", judged, lines, (), (weak,), advice, COVERAGE)


def explained(_registry: Registry, subject: str, key: str, period: Period) -> Figure:
    """A working with every kind of leaf: a reported amount, a metered point, factors, and something missing."""
    coke = Figure("coke", 1200.0, "t", title=Text("青塬特钢 焦炭", "Qingyuan coke"), trace={"entry": ENTRY, "row": "3"})
    span = {"start": "2025-01-01T00:00+08:00", "end": "2026-01-01T00:00+08:00"}
    power = Figure("electricity_purchased", 5_000.0, "MWh", trace={"point": "E01-P", **span}, source="电表 E01-P")
    fuels = Figure("fuel_consumed", None, "t", kind="items", inputs=(coke,), source="填报")
    output = Figure("output_value", 20_000.0, "万元", title=Text("工业产值", "output value"))
    inputs = {"fuel_consumed": fuels, "electricity_purchased": power, "output_value": output}
    known = calculate([key], inputs, FactorBook.default(), period.end.date(), {"region": "陕西"})
    return known[key]


def hours() -> list[dict[str, object]]:
    """Two hours of a point as the lake's hourly table has them: one whole, one with an invalid reading."""
    first = datetime(2025, 3, 13, 23, tzinfo=UTC)
    whole = {"hour": first, "total": Decimal("41.25"), "readings": 1, "due": 1, "invalid": 0, "estimated": False}
    flawed = {**whole, "hour": first.replace(day=14, hour=0), "readings": 0, "invalid": 1, "total": Decimal(0)}
    return [whole, flawed]


def readings() -> list[dict[str, object]]:
    """One reading of 07:00 park time, from the first frame of the journal."""
    at = datetime(2025, 3, 13, 23, tzinfo=UTC)
    address = f"hj212:{MN}/a21002/Avg@2061"
    return [{"address": address, "at": at, "value": Decimal("41.250000"), "flag": "N", "entry": "intake-0/1"}]


def cases() -> list[Case]:
    """One doubt about a point of the outlet and one about the enterprise's meter."""
    start, end = datetime(2025, 3, 13, 23, tzinfo=UTC), datetime(2025, 3, 14, 4, tzinfo=UTC)
    return [
        Case("gap", "E01-G1-nox", start, end, Text("氮氧化物缺 5 小时。", "5 hours of NOx are missing."), ()),
        Case("late", "E01-P", start, end, Text("电表的值晚到。", "Values of the meter came late."), ()),
    ]


def inspector(name: str, **more: str) -> User:
    """An account that may look at everything."""
    user = User.objects.create_user(name, **more)
    user.groups.add(Group.objects.get_or_create(name="inspector")[0])
    return user
