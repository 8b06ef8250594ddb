"""Folder: a data folder with a journal, and settlers over it whose crashes are simulated by leaving them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
from deltalake import DeltaTable

from xietong.journal import JournalWriter
from xietong.lake.points import PointSpec
from xietong.protocols.hj212 import frame
from xietong.readings import EntryKind
from xietong.settle import Conditions, Settler

ZONE = ZoneInfo("Asia/Shanghai")
BEGIN = datetime(2026, 3, 14, tzinfo=UTC)
PEER = "tcp:127.0.0.1:50122"
# Everything is due at once, so that a step does what a few seconds would.
AT_ONCE = Conditions(commit=0.0, live=0.0, roll_up=0.0, roll_up_busy=0.0, registry=0.0, poll=0.01)

Row = tuple[str, datetime, str, str, str]


def hour_frame(hour: int, value: str = "23.4", mn: str = "XT01", flag: str = "N") -> bytes:
    """One hour of SO2 and NOx; the hour counts from 2026-03-14 08:00 park time."""
    at = (BEGIN + timedelta(hours=hour)).astimezone(ZONE).strftime("%Y%m%d%H%M%S")
    content = f"DataTime={at};a21026-Avg={value},a21026-Flag={flag};a21002-Avg=50,a21002-Flag=N"
    return frame(f"QN={at}500;ST=31;CN=2061;PW=123456;MN={mn};Flag=5;CP=&&{content}&&")


class Folder:
    """One data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.points: list[PointSpec] = []

    def write(self, *payloads: bytes, kind: EntryKind = "hj212", journal: str = "intake-0", origin: str = PEER) -> None:
        """Append entries, a second apart, and commit them."""
        with JournalWriter(self.data / "journal", journal) as writer:
            for number, payload in enumerate(payloads, start=writer.durable):
                writer.append(kind, origin, payload, BEGIN + timedelta(seconds=number))
            writer.commit()

    def settler(self, conditions: Conditions = AT_ONCE) -> Settler:
        """A settler as a fresh process would have it."""
        return Settler(self.data, ZONE, lambda: self.points, lambda: BEGIN, conditions)

    def rows(self) -> list[Row]:
        """What the lake holds, read by DuckDB from the files that the log names: address, at, value, flag, entry."""
        table = DeltaTable(self.data / "lake/readings")
        files = table.file_uris()
        if not files:
            return []
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            question = 'SELECT address, epoch_us("at"), value, flag, entry FROM read_parquet(?) ORDER BY ALL'
            found = connection.execute(question, [files]).fetchall()
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return [(a, epoch + timedelta(microseconds=t), str(v), f, e) for a, t, v, f, e in found]

    def entries(self) -> list[str]:
        """The entry of each SO2 reading in the lake."""
        return [entry for address, _, _, _, entry in self.rows() if "a21026" in address]
