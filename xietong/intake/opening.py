"""Opening a journal of a data folder for writing, held against what the lake says was settled of it.

Everything that acknowledges opens its journal here: one that was lost, or restored from an older or another copy, is
not gone on with, because its next entries would be stepped over and older readings would name them.
"""

import logging
from pathlib import Path

from xietong.journal import JournalWriter, names, open_writer, standing
from xietong.lake.files.marks import settled_marks
from xietong.readings import Mark

LOG = logging.getLogger("xietong.journal")
_NEVER = Mark(2**62)


def open_journal(data: Path, prefix: str) -> JournalWriter:
    """The writer of the first journal prefix-0, prefix-1 … of the folder that is free and may go on.

    Where the lake cannot say what was settled, none that is there goes on.
    """
    root = data / "journal"
    marks, damage, every = settled_marks(data / "lake")
    if damage is not None:
        marks = dict.fromkeys([*names(root), *marks], _NEVER)
        LOG.warning("%s · %s", damage.text.zh, damage.text.en)
    strange = {name for name, mark in every if standing(root, name, mark) != "whole"}
    writer = open_writer(root, prefix, {**marks, **dict.fromkeys(strange, _NEVER)})
    for name in sorted(strange | {each for each, mark in marks.items() if mark == _NEVER}):
        if name.rpartition("-")[0] == prefix:
            LOG.warning("journal %s does not hold what was settled of it; %s is written instead", name, writer.name)
    return writer
