"""A flow is a flow in whatever unit it is measured: m3/d, t/d, L/s give the same mass and volume as m3/h."""

import pytest
from small_parks import HoursLake, hours_of, park, point, subject

from xietong.accounting import explain
from xietong.periods import Period

DAY = Period.parse("2025-03-14")
SUBJECTS = (subject("A"), subject("A-1", "outlet", "A", discharges_to="environment"))


# 10 m3/h in each unit; 20 mg/L of it for 24 h are 4.8 kg.
@pytest.mark.parametrize(
    ("unit", "flow"),
    [("m3/h", "10"), ("m3/d", "240"), ("t/d", "240"), ("t/h", "10"), ("kg/h", "10000"), ("万m3/d", "0.024")],
)
def test_every_unit_of_flow_gives_the_same_mass(unit: str, flow: str) -> None:
    points = (point("C", "A-1", "cod", "mg/L", "mean"), point("Q", "A-1", "wastewater", unit, "mean"))
    lake = HoursLake({"C": hours_of("2025-03-14", "20"), "Q": hours_of("2025-03-14", flow)})
    figure = explain(park(*SUBJECTS, points=points), lake, "cod_emission", "A", DAY)
    assert figure.value == pytest.approx(0.0048, rel=1e-9)
    assert figure.status == "ok"
