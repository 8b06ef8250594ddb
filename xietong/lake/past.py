"""The lake as it was known at a moment: the readings that had been received by then, rolled up as they were to count.

A lake of its own in a folder of its own, made when somebody asks: nothing in it is ever written to the lake it is of.
"""

from collections.abc import Iterable
from datetime import date, datetime
from itertools import groupby
from pathlib import Path

from xietong.lake.files.parquet import NewFile
from xietong.lake.points import PointSpec
from xietong.lake.schemas import READING_FILES, readings
from xietong.lake.store import Lake


def known_at(lake: Lake, moment: datetime, points: Iterable[PointSpec], root: Path) -> Lake:
    """A lake under `root` of the readings that had been received by the moment.

    points: the mapping of the moment, with which its hours and days are made.
    """
    past = Lake(root, lake.zone)
    past.readings_table.claim()
    asked = readings.filter(readings.recorded_at <= moment).order_by("address", "at", "recorded_at")
    files: list[NewFile] = []
    kept = sorted(lake.reading_files(date.min, date.max), key=lambda file: file.partition)
    for day, of_day in groupby(kept, key=lambda file: file.partition):
        batch = lake.engine.ask(asked, {"readings": (list(of_day), READING_FILES)})
        if batch.num_rows:
            files += past.write_days({date.fromisoformat(day): batch})
    past.readings_table.commit(files, {})
    past.roll_up(points)
    return past
