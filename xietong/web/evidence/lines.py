"""What pages of evidence print: how complete a measurement is, and what an amount was stated as before."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from xietong.park.models import ReportedAmount
from xietong.web.evidence.tree import Hours
from xietong.web.shell.links import entry_href
from xietong.wording.numbers import digits


def completeness_bar(hours: Hours | None) -> dict[str, str] | None:
    """The hours of measurement behind a figure as a bar with its share; None where nothing was metered."""
    if hours is None:
        return None
    percent = hours.received / hours.due * 100
    share = f"{digits(percent, '%')} %"
    return {"width": f"{percent:.2f}", "share": share, "received": f"{hours.received:,}", "due": f"{hours.due:,}"}


def revision_lines(stated: Sequence[ReportedAmount], zone: ZoneInfo) -> list[dict[str, Any]]:
    """The statements of one amount, the newest first, with who entered each, when and in which entry; [] where it was
    stated once only."""
    lines = [
        {
            "amount": "—" if each.amount is None else f"{each.amount:f}",
            "unit": each.unit,
            "who": each.act.who,
            "at": each.recorded_at.astimezone(zone),
            "entry": each.entry,
            "href": entry_href(each.entry, row=str(each.row)),
            "is_current": each.superseded_at is None,
        }
        for each in reversed(stated)
    ]
    return lines if len(lines) > 1 else []
