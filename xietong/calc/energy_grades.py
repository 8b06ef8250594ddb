"""Grades of steam and hot water: what a grade such as 0.9MPa, 1.0MPa_230C or 95C says of heat.

The table of steam is factors/heat.csv (IAPWS-IF97, absolute pressure). Between its nodes enthalpy is interpolated
linearly, by pressure and by temperature: 0.11 % at most from the formulation itself. A park's own factor of the very
grade goes before; nothing is guessed outside the table.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache

from xietong.calc.figures import Figure
from xietong.calc.keys import without_subject
from xietong.standard.thresholds import band_of
from xietong.texts import Text

# The nodes of factors/heat.csv: MPa of dry saturated steam, MPa and ℃ of superheated steam.
SATURATED = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.5, 3.0, 4.0)
# The temperature at which each boils bounds the superheated rows from below (IAPWS-IF97, region 4).
SUPERHEATED = {
    0.1: 99.61,
    0.3: 133.53,
    0.5: 151.84,
    0.8: 170.41,
    1.0: 179.89,
    1.3: 191.61,
    1.6: 201.38,
    2.0: 212.38,
    2.5: 223.96,
    3.0: 233.86,
    4.0: 250.36,
}
CELSIUS = (150.0, 175.0, 200.0, 225.0, 250.0, 275.0, 300.0, 350.0, 400.0, 450.0)
# The temperatures that a factor of hot water may have.
COLD, HOTTEST = map(float, band_of("factor.water_temperature"))
_STEAM = re.compile(
    r"(?P<state>saturated_|superheated_)?(?P<mpa>\d+(?:\.\d+)?)MPa(?:_(?P<celsius>\d+(?:\.\d+)?)(?:C|℃))?"
)
_WATER = re.compile(r"(?P<celsius>\d+(?:\.\d+)?)(?:C|℃)?")
_HOW = Text(
    "写法：0.8MPa（干饱和）或 1.0MPa_230C（过热），压力为绝对压力（表压 + 0.1 MPa）；"
    "其他品级请在 factors.csv 中补充一行（purpose=steam_enthalpy，key=品级）",
    "write 0.8MPa (dry saturated) or 1.0MPa_230C (superheated), absolute pressure (gauge + 0.1 MPa); "
    "for another grade add a row to factors.csv (purpose=steam_enthalpy, key=the grade)",
)


class GradeError(ValueError):
    """A grade that says nothing of heat, with the sentence."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


Node = tuple[str, float]


@lru_cache(maxsize=1024)
def steam_nodes(grade: str) -> tuple[Node, ...]:
    """The rows of the table that a grade of steam lies between, each with its weight; raises GradeError."""
    read = _STEAM.fullmatch(grade)
    if read is None or not _sound(read["state"], read["celsius"]):
        raise GradeError(
            Text(
                f"蒸汽品级“{grade}”读不懂，热量算不出来；{_HOW.zh}。",
                f'the grade of steam "{grade}" cannot be read, so its heat is unknown; {_HOW.en}.',
            )
        )
    pressure = float(read["mpa"])
    if read["celsius"] is None:
        return tuple((f"saturated_{p:.1f}MPa", share) for p, share in _between(pressure, SATURATED, grade))
    return tuple(
        (key, by_pressure * by_temperature)
        for p, by_pressure in _between(pressure, tuple(SUPERHEATED), grade)
        for key, by_temperature in _by_temperature(p, float(read["celsius"]), grade)
    )


def _by_temperature(mpa: float, celsius: float, grade: str) -> list[Node]:
    """The rows of one pressure around a temperature; the lowest is that of dry saturated steam."""
    boiling = SUPERHEATED[mpa]
    hot = tuple(each for each in CELSIUS if each > boiling + 1)
    return [
        (f"saturated_{mpa:.1f}MPa" if t == boiling else f"superheated_{mpa:.1f}MPa_{t:.0f}C", share)
        for t, share in _between(celsius, (boiling, *hot), grade)
    ]


def _sound(state: str | None, celsius: str | None) -> bool:
    """Saturated steam has one temperature, superheated steam needs its own."""
    return state is None or (state == "superheated_") == (celsius is not None)


def _between(value: float, nodes: Sequence[float], grade: str) -> list[tuple[float, float]]:
    """The node that a value is, or the two it lies between, with their weights."""
    if value in nodes:
        return [(value, 1.0)]
    place = bisect_right(nodes, value)
    if not 0 < place < len(nodes):
        raise GradeError(
            Text(
                f"蒸汽品级“{grade}”在热焓表之外（{nodes[0]:g}–{nodes[-1]:g}）；{_HOW.zh}。",
                f'the grade of steam "{grade}" lies outside the table ({nodes[0]:g}–{nodes[-1]:g}); {_HOW.en}.',
            )
        )
    low, high = nodes[place - 1], nodes[place]
    share = (value - low) / (high - low)
    return [(low, 1 - share), (high, share)]


def steam_enthalpy(grade: str, row_of: Callable[[str], Figure | None]) -> Figure:
    """The enthalpy of a grade that is no row of the table, out of the rows around it; raises GradeError.

    row_of: the row in force under a key, None where the table has none.
    """
    name = without_subject(grade)
    whose = grade[len(name) :]
    rows = [(row_of(f"{key}{whose}"), key, share) for key, share in steam_nodes(name)]
    found = [(row, key, share) for row, key, share in rows if row is not None and row.value is not None]
    if len(found) < len(rows):
        raise GradeError(
            Text(
                f"蒸汽品级“{name}”在这一天没有可用的热焓；{_HOW.zh}。",
                f'no enthalpy of the grade "{name}" is in force on that day; {_HOW.en}.',
            )
        )
    if len(found) == 1:
        return found[0][0]
    value = sum(share * (row.value or 0.0) for row, _, share in found)
    terms = [f"{share:.6g} * steam_enthalpy[{key!r}]" for _, key, share in found]
    return Figure(
        f"steam_enthalpy:{grade}",
        value,
        found[0][0].unit,
        kind="factor",
        formula=" + ".join(terms),
        inputs=tuple(row for row, _, _ in found),
        source=f"{found[0][0].source.partition(' 1997')[0]} 线性内插 linear interpolation",
    )


def water_temperature(grade: str) -> Figure:
    """The temperature in ℃ that a grade of hot water names; raises GradeError where heat counts from no such water."""
    name = without_subject(grade)
    read = _WATER.fullmatch(name)
    if read is None:
        raise GradeError(
            Text(
                f"热水品级“{name}”读不出温度，热量算不出来；请写成 hot_water_purchased:95C，"
                "或在 factors.csv 中补充一行（purpose=water_temperature，key=品级，单位 ℃）。",
                f'no temperature can be read from the grade of hot water "{name}", so its heat is unknown; write '
                "hot_water_purchased:95C, or add a row to factors.csv (purpose=water_temperature, key=the grade, ℃).",
            )
        )
    celsius = float(read["celsius"])
    if not COLD < celsius <= HOTTEST:
        raise GradeError(
            Text(
                f"热水温度 {celsius:g} ℃ 不在 {COLD:g}–{HOTTEST:g} ℃ 之间：热量从 20 ℃ 的水算起；请核对温度。",
                f"hot water of {celsius:g} ℃ is outside {COLD:g}–{HOTTEST:g} ℃: its heat counts from water at 20 ℃; "
                "check the temperature.",
            )
        )
    return Figure(f"water_temperature:{grade}", celsius, "℃", kind="factor", source="填报的温度 temperature as stated")
