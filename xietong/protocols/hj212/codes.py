"""The printed factor codes of HJ 212-2017 appendix B: name, unit, unit of the amount, and the code of 2005.

The codes are data (codes.csv). A code that is not printed there is kept as sent, never dropped. Two codes that the
standard prints twice with different meanings (e701xx, g119xx) keep their first meaning.
"""

import csv
import re
from pathlib import Path
from typing import NamedTuple


class Code(NamedTuple):
    """One factor: unit of Rtd/Avg/Min/Max, unit of Cou ("" where none is printed), code of HJ/T 212-2005 or ""."""

    code: str
    name_zh: str
    unit: str
    amount_unit: str
    legacy_2005: str


def _read() -> dict[str, Code]:
    with (Path(__file__).parent / "codes.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: Code(**row) for row in csv.DictReader(file)}


CODES = _read()
_EQUIPMENT = re.compile(r"SB[0-9]{1,3}", re.ASCII)
MODERN = {code.legacy_2005: code.code for code in CODES.values() if code.legacy_2005}


def modern(code: str) -> str:
    """The code of 2017 for a code of 2005; any other code as it is."""
    return MODERN.get(code, code)


def find(code: str) -> Code | None:
    """The printed factor of a code of either edition; process codes (e301xx) stand for every device number."""
    known = modern(code)
    return CODES.get(known) or CODES.get(known[:-2] + "xx") or CODES.get(known[:-1] + "x")


def spelt(code: str) -> str:
    """A code in the letters of the standard where it differs from a printed one in their case alone; else as it is."""
    spellings = (code, code.lower(), code.upper())
    return next((each for each in spellings if find(each) or _EQUIPMENT.fullmatch(each)), code)
