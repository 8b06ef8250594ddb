"""How a journal stands to what was settled of it: whether it is the one, an older copy, or one that went another way.

A journal that was restored, copied while it was written or lost must not go on under its name: ordinals that readings
name already would be given to other entries, and whoever follows it would step over them.
"""

from pathlib import Path
from typing import Literal

from xietong.journal.errors import CorruptSegment, NoSuchEntry
from xietong.journal.layout import print_of
from xietong.journal.reader import find
from xietong.journal.segments import SegmentFile, segment_paths
from xietong.readings import Mark

Standing = Literal["whole", "behind", "other"]


def standing(root: Path, name: str, mark: Mark) -> Standing:
    """whole: it holds the entry that was settled last; behind: it ends before; other: another entry stands there.

    An entry that is damaged just there says nothing against the journal.
    """
    if mark.ordinal == 0:
        return "whole"
    if last_ordinal(root, name) < mark.ordinal:
        return "behind"
    try:
        entry = find(root, f"{name}/{mark.ordinal}")
    except (NoSuchEntry, CorruptSegment):
        return "whole"
    return "whole" if mark.print in (None, print_of(entry)) else "other"


def last_ordinal(root: Path, name: str) -> int:
    """The last ordinal that the journal gave, by the headers of its entries; 0 where there is none."""
    for path in reversed(segment_paths(root / name)):
        try:
            opened = SegmentFile.open(path, name)
        except CorruptSegment:
            opened = SegmentFile.open(path, name, lenient=True)
        if opened is not None:
            try:
                return opened.last()
            finally:
                opened.close()
    return 0
