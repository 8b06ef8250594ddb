"""What the lake says it was made from and is not there: journals that are lost, older, or another copy's."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from xietong.journal import last_ordinal, standing
from xietong.lake.files.marks import settled_marks
from xietong.texts import Text


class Gone(NamedTuple):
    """A journal that does not hold what was settled of it: its name, and the sentence."""

    journal: str
    text: Text


def gone(data: Path) -> Iterator[Gone]:
    """Every such journal of a data folder; a lake that cannot be read says so elsewhere."""
    root = data / "journal"
    told: set[str] = set()
    for name, mark in sorted(settled_marks(data / "lake").every, key=lambda each: (each[0], -each[1].ordinal)):
        found = standing(root, name, mark) if name not in told else "whole"
        if found != "whole":
            told.add(name)
        if found == "other":
            zh = f"存证日志 {name} 第 {mark.ordinal} 条不是已结转的那一条：它是另一份副本；已结转的监测值可能没有了存证"
            en = (
                f"entry {mark.ordinal} of journal {name} is not the one that was settled: it is another copy, and "
                "readings that were settled may be without their evidence"
            )
            yield Gone(name, Text(zh, en))
        elif found == "behind":
            last = last_ordinal(root, name)
            zh = f"监测值已结转到日志 {name} 第 {mark.ordinal} 条，日志却只到第 {last} 条：其后的存证不见了"
            en = f"readings are settled up to entry {mark.ordinal} of {name}, which ends at {last}: evidence is gone"
            yield Gone(name, Text(zh, en))


RESTORE = Text(
    "从备份恢复较新的日志；监测值仍在数据湖中，新数据记入另一名称的日志",
    "restore a newer copy of the journal; the readings are in the lake, and what comes now goes into another journal",
)
