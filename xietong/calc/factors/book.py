"""FactorBook: every factor with its source, edition, validity, region and purpose, and which one is in force.

The rows are factors/*.csv; a park's own rows (package factors.csv) outrank them and say so. No arithmetic here but the
conversion of a factor to the unit that its purpose needs. Checking of rows is in calc.factor_rows.
"""

import csv
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from xietong.calc.energy_grades import GradeError, steam_enthalpy, water_temperature
from xietong.calc.engine.engine import UnknownValueError
from xietong.calc.factors.rows import FactorRow, FactorRowError, figure_of, overlaps, read_row
from xietong.calc.figures import Figure
from xietong.calc.items import all_items
from xietong.calc.keys import subject_of, without_subject
from xietong.texts import Text

_FOLDER = Path(__file__).parent
_GRIDS = Path(__file__).parents[1] / "grids.csv"
# Factors that stand in several series or editions: which choice of the park names the one that counts, and the usual.
_SERIES_CHOICE = {
    "grid_emission": ("grid_series", "statistical"),
    "gwp": ("gwp", "AR5"),
    "process_emission": ("ghg_edition", "2015"),
    "heat_emission": ("ghg_edition", "2015"),
}
# Factors published for the country alone: it stands in for the park's area, and says so.
_NATIONAL_INSTEAD = frozenset({"residual_emission", "fossil_emission"})
PURPOSES = {
    "coal_equivalent": Text("折标准煤系数（当量值）", "coal-equivalent coefficient (calorific)"),
    "equal_value": Text("折标准煤系数（等价值）", "coal-equivalent coefficient (equal value)"),
    "calorific_value": Text("低位发热量", "net calorific value"),
    "carbon_content": Text("单位热值含碳量", "carbon content per heat"),
    "oxidation_rate": Text("碳氧化率", "oxidation rate"),
    "grid_emission": Text("电网排放因子", "grid emission factor"),
    "residual_emission": Text("剩余电量排放因子", "residual-mix emission factor"),
    "heat_emission": Text("热力排放因子", "heat emission factor"),
    "steam_enthalpy": Text("蒸汽热焓", "enthalpy of steam"),
    "water_temperature": Text("热水温度", "temperature of hot water"),
    "price_index": Text("价格指数", "price index"),
    "fossil_emission": Text("化石能源电力排放因子", "fossil power emission factor"),
    "process_emission": Text("过程排放因子", "process emission factor"),
    "carbonate_purity": Text("碳酸盐纯度", "purity of a carbonate"),
    "cao_content": Text("氧化钙含量", "content of CaO"),
    "mgo_content": Text("氧化镁含量", "content of MgO"),
    "organic_carbon": Text("有机碳含量", "content of organic carbon"),
    "carbon_fraction": Text("产品含碳率", "carbon in a product"),
    "n2o_release": Text("氧化亚氮产生系数", "nitrous oxide formed"),
    "n2o_abatement": Text("氧化亚氮减排率", "nitrous oxide destroyed"),
    "methane_capacity": Text("最大甲烷产生能力", "methane-producing capacity"),
    "methane_correction": Text("甲烷修正因子", "methane correction factor"),
    "wastewater_n2o": Text("废水氧化亚氮排放因子", "nitrous oxide factor of wastewater"),
    "biogenic_carbon": Text("生物质单位热值含碳量", "biogenic carbon per heat"),
    "biomass_ch4": Text("生物质燃烧甲烷因子", "methane factor of burnt biomass"),
    "biomass_n2o": Text("生物质燃烧氧化亚氮因子", "nitrous oxide factor of burnt biomass"),
    "gwp": Text("全球增温潜势", "global warming potential"),
    "pollution_equivalent": Text("污染当量值", "pollution-equivalent value"),
    "practice_equivalent": Text("非法定污染当量值", "equivalent used in practice"),
    "sulfur_content": Text("含硫量", "sulfur content"),
    "sulfur_conversion": Text("硫转化率", "conversion of sulfur"),
    "ash_content": Text("灰分", "ash content"),
    "fly_ash_share": Text("飞灰份额", "share of ash carried off"),
    "fly_ash_combustible": Text("飞灰可燃物", "combustibles in fly ash"),
    "removal_efficiency": Text("治理设施去除效率", "removal efficiency of treatment"),
    "emission_coefficient": Text("产污系数", "emission coefficient"),
    "environmental_tax_rate": Text("环境保护税适用税额", "rate of environmental tax"),
    "solid_waste_tax_rate": Text("固体废物税额", "tax rate of solid waste"),
    "clean_share": Text("清洁能源归类", "class of clean energy"),
    "renewable_share": Text("可再生能源归类", "class of renewable energy"),
}


class FactorBook:
    """The factors in force: shipped rows and, before them, a park's own."""

    def __init__(self, rows: Iterable[FactorRow], subjects: Sequence[str] = ()) -> None:
        self._subjects = tuple(subjects)
        self._found: dict[Hashable, Figure | Text] = {}
        self._days: dict[str, list[date]] = {}
        self._rows: dict[tuple[str, str], list[FactorRow]] = {}
        for row in rows:
            self._rows.setdefault((row.purpose, row.key), []).append(row)

    @classmethod
    def default(cls) -> "FactorBook":
        """The shipped factors, read and checked once."""
        return _default()

    def with_rows(self, rows: Iterable[Mapping[str, str]], subjects: Iterable[str] = ()) -> "FactorBook":
        """A book in which these rows (columns of the package's factors.csv) come before the shipped ones.

        A row that names a subject counts where that subject is among `subjects` (the first named wins), and before the
        park's rows; also for a key that names it, "raw_coal@ENT-01". Raises FactorRowError on a row that cannot be
        used: the package's loader has refused such rows before.
        """
        own = [replace(read_row(row), own=True) for row in rows]
        clash = overlaps(own)
        if clash is not None:
            raise FactorRowError(clash)
        return FactorBook([*own, *(row for group in self._rows.values() for row in group)], tuple(subjects))

    def find(self, purpose: str, key: str, on: date, choices: Mapping[str, str]) -> Figure:
        """The factor in force on that day, in the unit of its purpose; raises UnknownValueError with the remedy."""
        asked = (purpose, key, on, frozenset(choices.items()))
        found = self._found.get(asked)
        if found is None:
            found = self._found[asked] = self._look_up(purpose, key, on, choices)
        if isinstance(found, Text):
            raise UnknownValueError(found)
        return found

    def _look_up(self, purpose: str, key: str, on: date, choices: Mapping[str, str]) -> Figure | Text:
        """The factor, else why there is none."""
        row = self._pick(purpose, key, on, choices)
        if row is not None:
            figure = figure_of(row)
            return _with_area(figure, row, _area(purpose, choices)) if purpose in _NATIONAL_INSTEAD else figure
        try:
            graded = self._graded(purpose, key, on, choices)
        except GradeError as error:
            return error.text
        return self._unknown(purpose, key, on, choices) if graded is None else graded

    def _graded(self, purpose: str, key: str, on: date, choices: Mapping[str, str]) -> Figure | None:
        """What the key itself says of heat: a grade of steam between rows of the table, water of a temperature."""
        if purpose == "water_temperature":
            return water_temperature(key)

        def row_of(node: str) -> Figure | None:
            row = self._pick(purpose, node, on, choices)
            return None if row is None else figure_of(row)

        return steam_enthalpy(key, row_of) if purpose == "steam_enthalpy" else None

    def days_of_change(self, after: date, until: date, purpose: str = "") -> tuple[date, ...]:
        """The days after the first up to the second on which a row, or one of that purpose, begins or ends."""
        if purpose not in self._days:
            rows = [row for row in self.rows() if purpose in ("", row.purpose)]
            self._days[purpose] = sorted({day for row in rows for day in (row.valid_from, row.valid_to)})
        days = self._days[purpose]
        return tuple(days[bisect_right(days, after) : bisect_right(days, until)])

    def rows(self) -> Iterator[FactorRow]:
        """Every row of the book, by purpose and key, in the order in which they were given."""
        for group in self._rows.values():
            yield from group

    def aside(self, row: FactorRow, on: date, choices: Mapping[str, str]) -> Text | None:
        """Why a row cannot count on that day under these choices; None where it could."""
        if not row.in_force(on):
            until = "" if row.valid_to == date.max else row.valid_to.isoformat()
            span = f"{row.valid_from}–{until}"
            return Text(f"{on} 不在有效期（{span}）内", f"not in force on {on} ({span})")
        if row.subject and row.subject not in self._subjects:
            return Text(f"只用于 {row.subject}", f"only for {row.subject}")
        area, series = _area(row.purpose, choices), _series(row.purpose, choices)
        if row.fits(area, series, choices.get("region", "")):
            return None
        if row.series not in ("", series):
            return Text(f"属 {row.series} 系列，园区选 {series}", f"of series {row.series}, the park chose {series}")
        return Text(f"适用于 {row.region}，园区用 {area}", f"for {row.region}, the park takes {area}")

    def chosen(self, purpose: str, key: str, on: date, choices: Mapping[str, str]) -> FactorRow | None:
        """The row that counts on that day; None where there is none."""
        return self._pick(purpose, key, on, choices)

    def _pick(self, purpose: str, key: str, on: date, choices: Mapping[str, str]) -> FactorRow | None:
        key, of = without_subject(key), subject_of(key)
        whose = (*([of] if of else self._subjects), "")
        area = _area(purpose, choices)
        series = _series(purpose, choices)
        fitting = [
            row
            for row in self._rows.get((purpose, key), [])
            if row.subject in whose and row.in_force(on) and row.fits(area, series, choices.get("region", ""))
            if not (row.own and purpose == "clean_share" and choices.get("clean_energy") != "park_list")
        ]
        if not fitting and purpose in _NATIONAL_INSTEAD and area != "national":
            return self._pick(purpose, key, on, {**choices, "grid_area": "national"})
        return max(
            fitting,
            key=lambda row: (_nearness(row, whose), row.region == area, row.series == series, row.valid_from),
            default=None,
        )

    def _unknown(self, purpose: str, key: str, on: date, choices: Mapping[str, str]) -> Text:
        name = PURPOSES.get(purpose, Text(purpose, purpose))
        key = without_subject(key)
        thing = all_items()[key].name if key in all_items() else Text(key, key)
        where = "" if _area(purpose, choices) == "national" else f"，{_area(purpose, choices)}"
        return Text(
            f"没有 {thing.zh}（{key}）在 {on.year} 年可用的{name.zh}{where}，不能计算；"
            f"请在 factors.csv 中补充一行（purpose={purpose}，key={key}），注明数值、单位、来源和版次。",
            f"there is no {name.en} of {thing.en} ({key}) in force in {on.year}, so nothing can be computed; "
            f"add a row to factors.csv (purpose={purpose}, key={key}) with value, unit, source and edition.",
        )


def _series(purpose: str, choices: Mapping[str, str]) -> str:
    choice, usual = _SERIES_CHOICE.get(purpose, ("", ""))
    return choices.get(choice, usual)


def _nearness(row: FactorRow, whose: Sequence[str]) -> tuple[bool, int]:
    """A park's own row before ours, a subject's before its park's, the first subject's before the next one's."""
    return row.own, -whose.index(row.subject)


@cache
def _default() -> FactorBook:
    rows = []
    for path in sorted(_FOLDER.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows += [read_row(row) for row in csv.DictReader(file)]
    rows += _classes()
    clash = overlaps(rows)
    if clash is not None:
        raise FactorRowError(clash)
    return FactorBook(rows)


def _classes() -> list[FactorRow]:
    """The classes of items.csv as factors, so that a park's own list can outrank them row by row."""
    source = "国家统计局指标解释：清洁能源（天然气、水电、核电、风电、太阳能发电等）"
    return [
        FactorRow(
            purpose,
            each.item,
            value=Decimal(int(flag)),
            unit="1",
            source=source,
            valid_from=date(2008, 6, 1),
            table_row="items.csv",
        )
        for each in all_items().values()
        if each.carrier == "fuel"
        for purpose, flag in (("clean_share", each.clean), ("renewable_share", each.renewable))
    ]


@cache
def _grids() -> tuple[Mapping[str, str], ...]:
    with _GRIDS.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def province_of(region: str) -> Mapping[str, str] | None:
    """The province that a park's region names (陕西, 陕西省西安市, Shaanxi, 610100), with its regional grid.

    Eastern and western Inner Mongolia (蒙东, 蒙西) lie on two grids: a bare 内蒙古 has no regional grid.
    """
    for row in _grids():
        if region.startswith(row["province"]) or region.casefold().startswith(row["name_en"].casefold()):
            return row
        if row["code"] and region[:2] == row["code"]:
            return row
    return None


def area_of(choices: Mapping[str, str]) -> str:
    """The name of the area whose grid factor the park chose: national, a regional grid or a province."""
    chosen = choices.get("grid_area", "national")
    if chosen == "national":
        return "national"
    province = province_of(choices.get("region", ""))
    if province is None:
        return f"{choices.get('region') or '?'}"
    return province["grid"] or f"{province['province']}（{chosen}）" if chosen == "regional" else province["province"]


def _area(purpose: str, choices: Mapping[str, str]) -> str:
    """The area whose factor counts: a province sets its rates of tax, the park chooses the area of its grid factor."""
    if purpose == "environmental_tax_rate":
        return area_of({**choices, "grid_area": "provincial"})
    return area_of(choices) if purpose == "grid_emission" or purpose in _NATIONAL_INSTEAD else "national"


def _with_area(figure: Figure, row: FactorRow, area: str) -> Figure:
    """The factor with the remark that the country's stands in for that of the park's area."""
    if row.own or row.region == area:
        return figure
    name = PURPOSES[row.purpose]
    remark = Text(
        f"没有公布 {area} 的{name.zh}，以全国值 {row.value} {row.unit} 代替；取得本地值后请在 factors.csv 填一行"
        f"（purpose={row.purpose}，region={area}）。",
        f"no {name.en} of {area} is published, the country's {row.value} {row.unit} stands in; once there is a local "
        f"one, add a row to factors.csv (purpose={row.purpose}, region={area}).",
    )
    trace = {**figure.trace, "stands_in_for": area}
    return replace(figure, remarks=(*figure.remarks, remark), trace=trace)
