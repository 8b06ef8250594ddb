"""The journal: append-only segment files that keep every piece of evidence before it is acknowledged.

Writers append and commit (writer, group), readers follow (reader), `layout` says what a byte means and
`folders` makes names durable. Nothing here knows a protocol, a database or a clock.
"""

from xietong.journal.errors import (
    CorruptSegment,
    JournalBehind,
    JournalDiffers,
    JournalError,
    JournalWriteError,
    NoSuchEntry,
)
from xietong.journal.folders import make_folder, sync_folder
from xietong.journal.group import GroupCommit
from xietong.journal.layout import print_of
from xietong.journal.reader import UNFINISHED, JournalReader, find, names, read, sync
from xietong.journal.standing import last_ordinal, standing
from xietong.journal.writer import JournalWriter, Said, open_writer

__all__ = [
    "UNFINISHED",
    "CorruptSegment",
    "GroupCommit",
    "JournalBehind",
    "JournalDiffers",
    "JournalError",
    "JournalReader",
    "JournalWriteError",
    "JournalWriter",
    "NoSuchEntry",
    "Said",
    "find",
    "last_ordinal",
    "make_folder",
    "names",
    "open_writer",
    "print_of",
    "read",
    "standing",
    "sync",
    "sync_folder",
]
