"""What the drawer adds to a figure: hours that came of those due, both points of a mass, revisions, the weak point."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import handmade
import pytest
from django.test import Client

from xietong.calc.figures import Figure
from xietong.park.models import Act, ReportedAmount
from xietong.web.evidence.tree import hours_behind, tree
from xietong.web.shell import park_figures

pytest_plugins = ["handmade_fixtures"]

SPAN = {"start": "2025-03-01T00:00:00", "end": "2025-04-01T00:00:00"}
MASS = Figure(
    "nox",
    3.7,
    "t",
    "partial",
    trace={"point": "G1-NOX", "flow_point": "G1-FLOW", "hours": "740", "hours_due": "744", **SPAN},
    inputs=(Figure("nox_mean", 110.0, "mg/m3", trace={"point": "G1-NOX", **SPAN}),),
)
OTHER = replace(MASS, trace={**MASS.trace, "point": "G2-NOX", "hours": "4"}, inputs=())


def test_hours_are_summed_over_the_metered_figures_each_once() -> None:
    whole = Figure("nox_emission", 7.4, "t", inputs=(Figure("a", 1, "t", inputs=(MASS,)), OTHER, replace(MASS)))
    assert hours_behind(whole) == (744, 1488)
    assert hours_behind(MASS) == (740, 744)
    assert hours_behind(Figure("coke", 1.0, "t")) is None


def test_a_mass_leads_to_its_concentration_and_to_its_flow() -> None:
    node = tree(MASS)
    assert node.leaf.startswith("/points/G1-NOX/?start=2025-03-01")
    assert node.flow_leaf.startswith("/points/G1-FLOW/?start=2025-03-01")
    assert tree(Figure("coke", 1.0, "t")).flow_leaf == ""


def test_the_drawer_shows_hours_and_both_points(director: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(park_figures, "figure_tree", lambda *_: MASS)
    html = director.get("/figures/E01-G1/nox/2025-03/").content.decode()
    assert "740/744 h" in html
    assert "99.5 %" in html
    assert 'width="99.46"' in html
    for point in ("G1-NOX", "G1-FLOW"):
        assert f'href="/points/{point}/?start=2025-03-01' in html


def test_the_drawer_says_why_a_figure_is_weak(director: Client) -> None:
    path = "/figures/PARK/pollutant_emission_intensity/{}/"
    assert "污染物排放强度偏高。" in director.get(path.format(2025)).content.decode()
    assert "污染物排放强度偏高。" not in director.get(path.format("2025-03")).content.decode()


def state(amount: str, who: str, hours: int, entry: str) -> ReportedAmount:
    """Enter coke of January once more, as a later act."""
    at = handmade.NOW + timedelta(hours=hours)
    act = Act.objects.create(who=who, verb="report", at=at)
    ReportedAmount.objects.filter(key="coke", superseded_at=None).update(superseded_at=at)
    given = {"subject": "E01", "period": "2025-01", "item": "coke", "amount": Decimal(amount), "unit": "t"}
    return ReportedAmount.objects.create(key="coke", recorded_at=at, entry=entry, row=3, act=act, **given)


@pytest.mark.parametrize(
    "path", [f"/entries/{handmade.ENTRY}/?row=3", "/figures/PARK/energy_per_output_value/2025/?at=0.0.0.0"]
)
def test_earlier_statements_stand_beside_the_one_in_force(director: Client, path: str) -> None:
    state("1180", "clerk", 0, "web-0/7")
    assert "修订" not in director.get(path).content.decode()
    state("1200", "director", 2, handmade.ENTRY)
    html = director.get(path).content.decode().partition("修订")[2].partition("</table>")[0]
    assert html.index("<b>1200</b>") < html.index("<s>1180</s>")
    assert "clerk" in html
    assert "2026-03-04 12:00:00" in html
    assert 'href="/entries/web-0/7/?row=3"' in html
