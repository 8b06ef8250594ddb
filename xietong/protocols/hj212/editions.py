"""Which edition of HJ 212 a frame speaks: 2005, 2017 or 2025, from its content as well as from its Flag.

The version bits of the Flag alone prove nothing: a packet of 2021 carries Flag=8 (2025) with content of 2017.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from xietong.protocols.hj212.codes import MODERN
from xietong.protocols.hj212.header import Header
from xietong.protocols.hj212.tables import COMMANDS, SYSTEMS

Edition = Literal["2005", "2017", "2025"]

_COMMANDS_OF_2025 = frozenset(each.cn for each in COMMANDS if each.editions == {"2025"}) - {"1001"}  # of 2005 too
_SYSTEMS_OF_2025 = frozenset(each.st for each in SYSTEMS.values() if each.editions == {"2025"})
_CODE_OF_2017 = re.compile(r"[aweigI][0-9]{5}")
_BY_VERSION_BITS: dict[int, Edition] = {0: "2005", 1: "2017", 2: "2025"}
# Drafts of the 2025 edition were in the field in 2024; whatever is older cannot speak it.
_FIRST_YEAR_OF_2025 = 2024


def edition_of(header: Header, codes: Iterable[str], data_time: datetime | None) -> tuple[Edition, bool]:
    """The edition that the content shows, and whether the Flag's version bits say the same (or nothing)."""
    stated = None if header.flag is None else _BY_VERSION_BITS.get(header.flag >> 2)
    shown = _shown(header, list(codes), data_time, stated)
    return shown, header.flag is None or stated == shown


def _shown(header: Header, codes: list[str], data_time: datetime | None, stated: Edition | None) -> Edition:
    if header.rf or header.cn in _COMMANDS_OF_2025 or header.st in _SYSTEMS_OF_2025:
        return "2025"
    if stated == "2025" and _year(header, data_time) >= _FIRST_YEAR_OF_2025:
        return "2025"
    if any(_CODE_OF_2017.match(code) for code in codes):
        return "2017"
    if any(code in MODERN for code in codes) or not header.qn:
        return "2005"
    if stated == "2005" and len(header.mn) != 24:
        return "2005"
    return "2017"


def _year(header: Header, data_time: datetime | None) -> int:
    if header.qn[:4].isdigit():
        return int(header.qn[:4])
    return data_time.year if data_time else _FIRST_YEAR_OF_2025
