"""A factors.csv on its own is accepted: kept as evidence, entered by an act with the reason. What it would change is
told before by a trial (`trial`)."""

from datetime import datetime
from pathlib import Path

from xietong.park.actions import state_facts
from xietong.park.bringing.evidence import enter, keep
from xietong.park.bringing.receiving import Answer
from xietong.park.bringing.trial import FACTORS, read_factors
from xietong.park.people import check_person, check_reason
from xietong.park.registry import snapshot


def accept_factors(data: Path, path: Path, who: str, reason: str, at: datetime) -> Answer:
    """Enter the usable rows of a factors.csv; raises NoParkError, PackageError, RefusedError (who, reason)."""
    check_person(who, "load")
    check_reason(reason)
    sheet = read_factors(path, snapshot.load())
    entries = enter(data, [keep(data, path, path.name, "original")], f"cli:{who}", at)
    answer = Answer(len(sheet.rows), sheet.rejected, sheet.remarks, entries=entries)
    answer.changes[FACTORS] = state_facts(FACTORS, sheet.rows, entries=entries, who=who, at=at, reason=reason)
    return answer
