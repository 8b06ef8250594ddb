"""A full disk: how it looks in an error, whoever met it, and the sentence for people. Nothing is opened here."""

import errno
from collections.abc import Iterator

from xietong.texts import Text

RETRY_AFTER_S = 30
_NUMBERS = (errno.ENOSPC, errno.EDQUOT)
# What SQLite says, PostgreSQL and deltalake (these write in another language and give no number).
_WORDS = ("database or disk is full", "no space left on device", "disk quota exceeded")

FULL = Text(
    "磁盘已满，这一次没有收下，已有的数据没有受影响；请腾出空间（平台不用重启），随后重做或重发，只会计一次。",
    "the disk is full, so this was not taken; what is there already is unharmed. Make room (no restart is needed), "
    "then do or send it again: it counts once.",
)


def is_full(error: BaseException) -> bool:
    """Whether this error, or one that it came from, says that the disk is full."""
    return any(_says_full(each) for each in _with_causes(error))


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _says_full(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in _NUMBERS:
        return True
    said = str(error).lower()
    return any(words in said for words in _WORDS)
