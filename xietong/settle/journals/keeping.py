"""Keeping lake.json: after each step settle says what the lake now is, and never less than it had said before.

Where a table or a journal was put back from an older copy, what was said before stays until the lake has all of it
again, so that nobody is given other figures in between; where evidence is gone it stays until a person gives it up.
"""

import logging
from collections.abc import Mapping
from pathlib import Path

from xietong.lake.errors import DamagedFile
from xietong.lake.files.standing import Standing, Version, read_standing, standing_path, write_standing
from xietong.lake.store import Lake
from xietong.readings import Mark

LOG = logging.getLogger("xietong.settle")


class StandingKeeper:
    """lake.json of one lake, in the hand of its settle."""

    def __init__(self, lake: Lake) -> None:
        self._lake, self._path = lake, standing_path(lake.root)
        try:
            self._said = read_standing(self._path) or Standing()
        except DamagedFile as error:
            LOG.warning("%s; settle writes it anew", error.text.en)
            self._said = Standing()

    def note(self, marks: Mapping[str, Mark], *, is_rolled: bool) -> None:
        """Say what the lake is now; is_rolled: whether hours and days stand for its newest readings."""
        versions: dict[str, Version] = dict(self._said.versions)
        if is_whole(self._said, marks):
            versions["readings"] = self._lake.readings_table.stated()
            if is_rolled:
                for table in (self._lake.hourly_table, self._lake.daily_table):
                    versions[table.folder.name] = table.stated()
        self._say(Standing(versions, _furthest(self._said.journals, marks), self._said.given_up))

    def _say(self, standing: Standing) -> None:
        if standing != self._said:
            write_standing(self._path, standing)
            self._said = standing


def is_whole(said: Standing, marks: Mapping[str, Mark]) -> bool:
    """Whether the lake has all that it ever had, but for what a person has given up."""
    return not lacking(said, marks)


def lacking(said: Standing, marks: Mapping[str, Mark]) -> dict[str, tuple[int, int]]:
    """By journal, the first and last entry that had been settled once and are in the lake no more."""
    found = {}
    for name, mark in said.journals.items():
        now = marks[name].ordinal if name in marks else 0
        if now < mark.ordinal and said.given_up.get(name, 0) < mark.ordinal:
            found[name] = now + 1, mark.ordinal
    return found


def give_up(lake_folder: Path) -> None:
    """Take it that what was settled once and is gone stays gone; the names of those journals are never used again."""
    path = standing_path(lake_folder)
    try:
        said = read_standing(path) or Standing()
    except DamagedFile:
        said = Standing()
    write_standing(path, said._replace(given_up={name: mark.ordinal for name, mark in said.journals.items()}))


def _furthest(said: Mapping[str, Mark], marks: Mapping[str, Mark]) -> dict[str, Mark]:
    found = dict(said)
    for name, mark in marks.items():
        if name not in found or mark.ordinal >= found[name].ordinal:
            found[name] = mark
    return found
