"""Which outlet, and which enterprise, a weak point names."""

from decimal import Decimal

import pytest
from small_parks import HoursLake, hours_of, park, point, subject

from xietong.calc.figures import Figure
from xietong.evaluation import evaluate
from xietong.evaluation.contributors import largest_contributor
from xietong.park.nouns import Limit


@pytest.mark.parametrize("worst", ["A-1", "A-2"])
def test_of_two_outlets_above_their_limit_the_one_with_more_hours_is_named(worst: str) -> None:
    """A day above its limit at one, an hour at the other."""
    outlets = ("A-1", "A-2")
    subjects = (subject("A"), *(subject(code, "outlet", "A", discharges_to="environment") for code in outlets))
    points = [
        each
        for code in outlets
        for each in (point(f"{code}-C", code, "so2", "mg/m3", "mean"), point(f"{code}-Q", code, "waste_gas", "m3"))
    ]
    limits = [Limit(code, "so2", "concentration", Decimal(35), "mg/m3", "hour") for code in outlets]
    clean, flow = hours_of("2025-03", "20"), hours_of("2025-03", "5")
    day = hours_of("2025-03-14", "36")
    hour = dict(list(day.items())[:1])
    hours = {f"{code}-C": {**clean, **(day if code == worst else hour)} for code in outlets}
    lake = HoursLake({**hours, **{f"{code}-Q": flow for code in outlets}})
    (found,) = [
        each
        for each in evaluate(park(*subjects, points=points, limits=limits), lake, "P", 2025).weak
        if each.kind == "exceedance"
    ]
    assert found.subject == worst
    assert "25 h, 24 h of them" in found.sentence.en


def share(key: str, unit: str, whose: str, value: float) -> Figure:
    part = Figure(key, value, unit, trace={"subject": whose})
    return Figure(key, value, unit, trace={"subject": "P"}, inputs=(part,))


@pytest.mark.parametrize("denominator", [("output_value", "万元"), ("product", "t")])
def test_who_makes_the_most_does_not_contribute_most(denominator: tuple[str, str]) -> None:
    """B makes nearly all of the output, A uses nearly all of the energy; whichever stands first in the working."""
    below, above = share(*denominator, "B", 900.0), share("energy", "tce", "A", 90.0)
    for inputs in ((below, above), (above, below)):
        found = largest_contributor(Figure("energy_per_output", 0.1, "tce/万元", inputs=inputs), "P")
        assert found is not None
        assert found.subject == "A"


def test_a_factor_contributes_nothing() -> None:
    factor = Figure("ncv", 900.0, "tce", kind="factor", trace={"subject": "B"})
    found = largest_contributor(Figure("energy", 90.0, "tce", inputs=(factor, share("energy", "tce", "A", 90.0))), "P")
    assert found is not None
    assert (found.subject, found.share) == ("A", 1.0)
