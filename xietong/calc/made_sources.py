"""Sources of power and heat made here 自产电热的来源: sun, wind, waste heat and so on, and how each of them counts.

The table is made_sources.csv. What is made of a primary source enters consumption by what is used of it; what is made
of a source whose fuel or process is counted already does not enter again (GB/T 2589).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xietong.texts import Text

_TABLE = Path(__file__).with_name("made_sources.csv")


@dataclass(frozen=True, slots=True)
class MadeSource:
    """One source; primary: no other input is ever counted for it; fuel: the item whose use counts as its input;
    emission_free: its power carries no emission unless a counted fuel made it."""

    key: str
    name: Text
    primary: bool = False
    renewable: bool = False
    emission_free: bool = False
    fuel: str = ""


@cache
def made_sources() -> Mapping[str, MadeSource]:
    """Every source by its key and by what else it is called."""
    found: dict[str, MadeSource] = {}
    with _TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            source = MadeSource(
                row["source"],
                Text(row["name_zh"], row["name_en"]),
                primary=row["primary"] == "1",
                renewable=row["renewable"] == "1",
                emission_free=row["emission_free"] == "1",
                fuel=row["fuel"],
            )
            found |= dict.fromkeys((source.key, *row["called"].split()), source)
    return found


def source_called(kind: str) -> MadeSource:
    """The source that a kind names ("solar", "pv", "光伏"); of an unknown one nothing is taken to be so."""
    known = made_sources().get(kind.strip().lower())
    return known or MadeSource(kind, Text(kind, kind))
