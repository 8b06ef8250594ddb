"""The platform's year of the demo park against the recomputation: every figure that both know, to a billionth."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from recompute import recompute

RELATIVE = 1e-9
YEAR = "2025"
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
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Both:
    data = tmp_path_factory.mktemp(f"seed-{request.param}") / "data"
    xietong(data, "demo", "--seed", str(request.param), "--build-only", "--hj212-port", free_port())
    answer = json.loads(xietong(data, "account", "--subject", "PARK", "--period", YEAR, "--json"))
    return Both({each["key"]: each["value"] for each in answer["figures"]}, recompute(data, YEAR))


@pytest.mark.slow
def test_every_recomputed_figure_is_the_platforms(both: Both) -> None:
    apart = {
        key: (value, both.platform.get(key))
        for key, value in both.ours.items()
        if both.platform.get(key) != pytest.approx(value, rel=RELATIVE, abs=0)
    }
    assert apart == {}
    assert {key for key, value in both.ours.items() if value == 0} <= {f"{name}_exceedance_hours" for name in TABLE_3}


@pytest.mark.slow
def test_every_figure_that_the_tables_show_for_a_park_is_recomputed(both: Both) -> None:
    shown = {"comprehensive_energy_consumption", "energy_carbon_emission", "carbon_emission_reduction"}
    shown |= {"energy_per_output_value", "carbon_emission_intensity", "waste_gas_intensity", "wastewater_intensity"}
    shown |= {"clean_energy_share", "renewable_energy_share", "energy_utilization_efficiency", "carbon_emission_total"}
    shown |= {"pollutant_emission_intensity", "resource_utilization_rate"}
    endings = ("compliance_rate", "exceedance_hours", "emission", "emission_intensity")
    shown |= {f"{name}_{ending}" for name in TABLE_3 for ending in endings}
    assert shown <= set(both.ours)
    assert {key for key in shown if both.platform[key] is None} == set()
