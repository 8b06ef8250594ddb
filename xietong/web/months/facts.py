"""What the whole park reported and has not reported, kept until an act or a new day changes it."""

from collections.abc import Mapping
from datetime import date

from xietong.park.nouns import Registry
from xietong.web.months.deadlines import Owed, owed
from xietong.web.months.months_received import MonthCell, reported_months
from xietong.web.shell import park_data
from xietong.web.shell.shelf import MONTHS, SHELF


def owed_reports(park: Registry, today: date) -> list[Owed]:
    """What the whole park has not reported as of a park day; kept until the registry or the day changes."""
    return SHELF.get(("owed", park_data.data_folder(), park_data.registry_version(), today), lambda: owed(park, today))


def months_reported(park: Registry, year: int, today: date) -> Mapping[str, tuple[MonthCell, ...]]:
    """Subject → what was due and reported of it, month by month; kept until the registry or the day changes."""
    key = ("reported", park_data.data_folder(), park_data.registry_version(), year, today)
    return MONTHS.get(key, lambda: reported_months(park, year, today))
