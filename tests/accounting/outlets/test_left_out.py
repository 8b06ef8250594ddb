"""What came from an outlet's instruments and does not count is named by every figure that it is missing in."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from small_parks import park, subject
from test_slices import lake_of

from xietong.accounting import figures
from xietong.calc.figures import Figure, walked
from xietong.park.nouns import Limit, Point
from xietong.periods import Period
from xietong.texts import Text

DAY = Period.parse("2025-03-01")
SUBJECTS = (subject("A"), subject("O1", "outlet", "A", discharges_to="environment"))
KEYS = ("so2_emission", "so2_concentration", "so2_compliance_rate", "so2_exceedance_hours", "waste_gas")


def _figures(folder: Path, wrong: Mapping[str, str], every_s: int = 3600, of: str = "O1") -> dict[str, Figure]:
    """A day of SO2 of 50 mg/m3 at 9 % oxygen and 10,000 m3/h; wrong: what stands at 05:00 instead, by point."""
    points = tuple(
        Point(code, "O1", "", name, unit, "mean", every_s)
        for code, name, unit in (("C", "so2", "mg/m3"), ("Q", "waste_gas", "m3/h"), ("X", "o2", "%"))
    )
    limit = Limit("O1", "so2", "concentration", Decimal(100), "mg/m3", "hour", Decimal(9))
    registry = park(*SUBJECTS, points=points, limits=(limit,))
    series = {
        code: dict.fromkeys(range(0, 86400, every_s), value) | ({5 * 3600: wrong[code]} if code in wrong else {})
        for code, value in (("C", "50"), ("Q", "10000"), ("X", "9"))
    }
    return figures(registry, lake_of(folder, registry, series), of, DAY, KEYS)


def _said(figure: Figure) -> tuple[list[str], list[str]]:
    """The points whose values are said not to count, in what the figure or its working lacks and in their remarks."""

    def points(texts: list[Text]) -> list[str]:
        said = (text.en.split(":")[0].removeprefix("point ") for text in texts if "are not counted" in text.en)
        return list(dict.fromkeys(said))

    working = list(walked([figure]))
    return points([each for part in working for each in part.missing]), points(
        [each for part in working for each in part.remarks]
    )


@pytest.mark.parametrize(
    ("point", "value", "missing_in"),
    [
        ("C", "-9999", KEYS[:4]),
        ("C", "6553.5", KEYS[:4]),
        ("C", "400000", KEYS[:4]),
        ("Q", "-9999", (KEYS[0], KEYS[4])),
        ("Q", "99999999", (KEYS[0], KEYS[4])),
        ("X", "-9999", KEYS[1:4]),
        ("X", "65.535", KEYS[1:4]),
    ],
)
@pytest.mark.parametrize("of", ["O1", "P"])
def test_a_sentinel_is_named_where_its_hour_is_missing(
    tmp_path: Path, point: str, value: str, missing_in: tuple[str, ...], of: str
) -> None:
    found = _figures(tmp_path, {point: value}, of=of)
    for key in missing_in:
        if (key, of) != ("so2_concentration", "P"):  # a park has no mean of outlets
            assert found[key].status in ("partial", "estimated"), key
            assert point in (_said(found[key])[0] or _said(found[key])[1]), key
    for key in set(KEYS) - set(missing_in):
        assert found[key].status in ("ok", "not_applicable"), key


def test_a_quarter_of_a_valid_hour_is_a_remark(tmp_path: Path) -> None:
    """HJ 75: the hour is valid with three quarters of it; the fourth is told all the same."""
    found = _figures(tmp_path, {"C": "-9999", "Q": "-9999"}, 900)
    for key in ("so2_emission", "so2_concentration"):
        assert (found[key].status, *_said(found[key])) == ("ok", [], ["C", "Q"])
    assert (found["so2_compliance_rate"].value, found["so2_compliance_rate"].status) == (100, "ok")
    assert _said(found["waste_gas"]) == ([], ["Q"])
