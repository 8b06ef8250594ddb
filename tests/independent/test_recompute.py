"""The platform's year of the demo park against the recomputation: every figure that both know, to a billionth."""

import csv
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import workbook
from calculator import answer, faults, steps
from recompute import recompute

RELATIVE = 1e-9
# The first sheet, numbers in full; formulas are always calculated anew on load.
AS_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,1"
RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>
"""
YEAR = "2025"
# A balance is what is left of a hundred thousand tonnes: floats keep its first nine digits of them, not of the rest.
RESIDUAL_T = 1e-6
TABLE_3 = ("particulate", "so2", "nox", "cod", "ammonia_nitrogen")


class Both(NamedTuple):
    platform: dict[str, float | None]
    ours: dict[str, float]


def xietong(data: Path, *arguments: str) -> str:
    command = (sys.executable, "-m", "xietong", *arguments, "--data", str(data))
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture(scope="module", params=[1, 2])
def data(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo park's data folder, built through the platform's real doors."""
    folder = tmp_path_factory.mktemp(f"seed-{request.param}") / "data"
    xietong(folder, "demo", "--seed", str(request.param), "--build-only", "--hj212-port", free_port())
    return folder


@pytest.fixture(scope="module")
def platform(data: Path) -> dict[str, float | None]:
    answer = json.loads(xietong(data, "account", "--subject", "PARK", "--period", YEAR, "--json"))
    return {each["key"]: each["value"] for each in answer["figures"]}


@pytest.fixture(scope="module")
def both(data: Path, platform: dict[str, float | None]) -> Both:
    return Both(platform, recompute(data, YEAR))


def apart(platform: dict[str, float | None], ours: dict[str, float]) -> dict[str, tuple[float, float | None]]:
    """What differs: key → (ours, the platform's)."""
    return {
        key: (value, platform.get(key))
        for key, value in ours.items()
        if platform.get(key) != pytest.approx(value, rel=RELATIVE, abs=RESIDUAL_T if "imbalance" in key else 0)
    }


@pytest.mark.slow
def test_every_recomputed_figure_is_the_platforms(both: Both) -> None:
    assert apart(both.platform, both.ours) == {}
    assert {key for key, value in both.ours.items() if value == 0} <= {f"{name}_exceedance_hours" for name in TABLE_3}


@pytest.mark.slow
def test_every_figure_that_the_tables_show_for_a_park_is_recomputed(both: Both) -> None:
    shown = {"comprehensive_energy_consumption", "energy_carbon_emission", "carbon_emission_reduction"}
    shown |= {"energy_per_output_value", "carbon_emission_intensity", "waste_gas_intensity", "wastewater_intensity"}
    shown |= {"clean_energy_share", "renewable_energy_share", "energy_utilization_efficiency", "carbon_emission_total"}
    shown |= {"pollutant_emission_intensity", "resource_utilization_rate", "environmental_tax"}
    shown |= {"hazardous_waste_utilization_rate", "solid_waste_disposal_rate"}
    shown |= {"treatment_operation_rate", "treatment_energy_intensity", "treatment_carbon_intensity"}
    endings = ("compliance_rate", "exceedance_hours", "emission", "emission_intensity")
    shown |= {f"{name}_{ending}" for name in TABLE_3 for ending in endings}
    assert shown <= set(both.ours)
    assert {key for key in shown if both.platform[key] is None} == set()


@pytest.mark.slow
def test_every_figures_sheet_comes_to_it_by_calculator(data: Path, platform: dict[str, float | None]) -> None:
    """What `explain --sheet` prints, worked out line by line: every step, every reference, every rounding."""
    known = {key: value for key, value in platform.items() if value is not None}
    printed = xietong(data, "explain", ",".join(known), "--sheet", "--subject", "PARK", "--period", YEAR)
    sheets = {part.split()[0]: part for part in printed.split("== ")[1:]}
    assert set(sheets) == set(known)
    assert {key: found for key, part in sheets.items() if (found := faults(part))} == {}
    off = {key: (answer(part), known[key]) for key, part in sheets.items() if answer(part) != near(known[key])}
    assert off == {}
    taken = {key for key, part in sheets.items() if not steps(part)[-1].expressions}
    assert {key for key in taken if not key.endswith("_highest_outlet")} <= set()


def near(value: float) -> object:
    return pytest.approx(value, rel=RELATIVE, abs=RESIDUAL_T)


def calculated(book: Path, folder: Path) -> dict[str, float]:
    """The first sheet of a workbook as LibreOffice calculates it, its cached results thrown away."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user/registrymodifications.xcu").write_text(RECALCULATE)
    command = ("soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", AS_CSV)
    done = subprocess.run((*command, "--outdir", str(folder), str(book)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with (folder / f"{book.stem}-figures.csv").open(encoding="utf-8", newline="") as file:
        return {key: float(value) for key, value in csv.reader(file)}


@pytest.mark.slow
def test_a_workbook_with_live_formulas_says_the_same(
    data: Path, platform: dict[str, float | None], tmp_path: Path
) -> None:
    workbook.write(data, tmp_path / "park.xlsx", YEAR)
    sheet = calculated(tmp_path / "park.xlsx", tmp_path)
    shared = {key: value for key, value in sheet.items() if key in platform}
    assert len(shared) >= 31
    assert shared["pollutant_emission_intensity"] > 0
    assert apart(platform, shared) == {}
