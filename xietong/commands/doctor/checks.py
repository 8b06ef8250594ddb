"""Check: what one look of `xietong doctor` found."""

from dataclasses import dataclass
from typing import Literal

from xietong.texts import Text

MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found; remedy is what to do, where something is to be done."""

    name: str
    status: Literal["ok", "note", "failed"]
    found: Text
    remedy: Text = Text("", "")
