"""The journal: append-only segment files that keep every piece of evidence before it is acknowledged.

Writers append and commit (writer, group), readers follow (reader), `layout` says what a byte means and
`folders` makes names durable. Nothing here knows a protocol, a database or a clock.
"""

from xietong.journal.errors import CorruptSegment, JournalBehind, JournalError, JournalWriteError, NoSuchEntry
from xietong.journal.folders import make_folder, sync_folder
from xietong.journal.group import GroupCommit
from xietong.journal.reader import UNFINISHED, JournalReader, find, names, read, sync
from xietong.journal.writer import JournalWriter, open_writer

__all__ = [
    "UNFINISHED",
    "CorruptSegment",
    "GroupCommit",
    "JournalBehind",
    "JournalError",
    "JournalReader",
    "JournalWriteError",
    "JournalWriter",
    "NoSuchEntry",
    "find",
    "make_folder",
    "names",
    "open_writer",
    "read",
    "sync",
    "sync_folder",
]
