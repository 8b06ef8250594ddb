"""A park of two enterprises in the database, for the tests of closed reports and differences; figures by hand.

A and B burn 1,200 t and 2,400 t of raw coal and buy 6,000 and 12,000 MWh in 2025: 3,600 × 0.7143 + 18,000 × 0.1229 =
4,783.68 tce; output value 36,000 万元.
"""

import io
import json
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from xietong.cli import main
from xietong.park.actions import load_package
from xietong.park.package.reading import read_package
from xietong.park.registry import snapshot

ENERGY = "comprehensive_energy_consumption"
PARK = '[park]\ncode = "P"\nname = "小园"\nname_en = "Small"\nregion = "陕西"\n'
ROWS = [
    f"{code},2025-{month:02},{item},{amount * share},{unit}"
    for code, share in (("A", 1), ("B", 2))
    for month in range(1, 13)
    for item, amount, unit in (
        ("raw_coal", 100, "t"),
        ("electricity_purchased", 500, "MWh"),
        ("output_value", 1000, "万元"),
    )
]
FILES: Mapping[str, str] = {
    "park.toml": PARK,
    "subjects.csv": "code,kind,name,parent\nP,park,小园,\nA,enterprise,甲厂,P\nB,enterprise,乙厂,P\n",
    "reported.csv": "\n".join(["subject,period,item,amount,unit", *ROWS]) + "\n",
    "targets.csv": "indicator,subject,year,target,basic,main\nenergy_per_output_value,P,2025,0.2,0.3,true\n",
}
FACTORS = (
    "key,value,unit,source,purpose,subject,valid_from,evidence\n"
    "raw_coal,0.65,tce/t,化验报告,coal_equivalent,A,2025-01-01,coal.pdf\n"
)


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write a package."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def found_park(data: Path, folder: Path) -> None:
    """The park of FILES in the database, as a load would enter it."""
    (data / "evidence").mkdir(parents=True)
    package = read_package(write(folder, FILES), snapshot.known_codes())
    assert package.rejected == []
    entries = {name: f"cli-0/{index}" for index, name in enumerate(sorted(package.files))}
    load_package(package, entries, "director", datetime(2026, 1, 5, tzinfo=UTC))


def ran(*arguments: object) -> tuple[int, str, str]:
    """Run a command in this process: exit status, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = main([str(each) for each in arguments])
    return status, out.getvalue(), err.getvalue()


def said(*arguments: object) -> str:
    """What a command that succeeds prints."""
    status, out, err = ran(*arguments)
    assert status == 0, err
    return out


def answered(*arguments: object) -> dict[str, Any]:
    """What a command answers in JSON, English where it has a language."""
    found = json.loads(said(*arguments, "--json"))
    assert isinstance(found, dict)
    return found
